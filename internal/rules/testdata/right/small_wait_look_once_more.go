package p

import (
	"sync"
	"sync/atomic"
)

type P struct {
	mu      sync.Mutex
	cond    *sync.Cond
	tasks   []func()
	closed  bool
	aborted atomic.Bool
	woken   atomic.Int64
}

func New() *P {
	p := &P{}
	p.cond = sync.NewCond(&p.mu)
	go p.work()
	go p.work2()
	return p
}

func (p *P) work() {
	for {
		p.mu.Lock()
		if len(p.tasks) == 0 {
			if p.closed {
				p.mu.Unlock()
				return
			}
			p.cond.Wait()
			p.mu.Unlock()
			if p.aborted.Load() {
				return
			}
			continue
		}
		t := p.tasks[0]
		p.tasks = p.tasks[1:]
		p.mu.Unlock()
		t()
	}
}

func (p *P) work2() {
	for {
		t, ok := p.get()
		if !ok {
			return
		}
		if t != nil {
			t()
		}
	}
}

// get returns nil if it should be called again.
func (p *P) get() (func(), bool) {
	p.mu.Lock()
	if len(p.tasks) == 0 && !p.closed {
		p.cond.Wait()
	}
	if len(p.tasks) == 0 {
		open := !p.closed
		p.mu.Unlock()
		return nil, open
	}
	t := p.tasks[0]
	p.tasks = p.tasks[1:]
	p.mu.Unlock()
	return t, true
}
