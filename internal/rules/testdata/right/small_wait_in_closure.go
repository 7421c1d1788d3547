package p

import "sync"

type P struct {
	mu     sync.Mutex
	cond   *sync.Cond
	tasks  []func()
	closed bool
}

func New() *P {
	p := &P{}
	p.cond = sync.NewCond(&p.mu)
	go p.work()
	return p
}

func (p *P) locked(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *P) work() {
	for done := false; !done; {
		var task func()
		p.locked(func() {
			if len(p.tasks) == 0 && !p.closed {
				p.cond.Wait()
				return // the loop looks again
			}
			if len(p.tasks) == 0 {
				done = true
				return
			}
			task = p.tasks[0]
			p.tasks = p.tasks[1:]
		})
		if task != nil {
			task()
		}
	}
}
