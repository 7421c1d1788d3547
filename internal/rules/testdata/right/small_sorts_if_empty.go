package p

import "sync"

type Desk struct {
	mu     sync.Mutex
	bell   *sync.Cond
	inbox  []func()
	tray   tray
	closed bool
}

type tray struct{ papers []func() }

func (t *tray) sort(papers []func()) { t.papers = append(t.papers, papers...) }

func (t *tray) take() (f func()) {
	if len(t.papers) > 0 {
		f, t.papers = t.papers[0], t.papers[1:]
	}
	return f
}

func (d *Desk) sortIfEmpty() {
	if d.tray.papers == nil {
		d.tray.sort(d.inbox)
		d.inbox = nil
	}
}

func (d *Desk) Next() func() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		d.sortIfEmpty()
		if f := d.tray.take(); f != nil {
			return f
		}
		if d.closed {
			return nil
		}
		if len(d.inbox) == 0 {
			d.bell.Wait()
		}
	}
}

func (d *Desk) Add(f func()) {
	d.mu.Lock()
	d.inbox = append(d.inbox, f)
	d.mu.Unlock()
	d.bell.Signal()
}

func (d *Desk) Close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.bell.Broadcast()
}
