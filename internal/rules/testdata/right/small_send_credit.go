package p

import "sync"

const window = 16

type P struct {
	mu      sync.Mutex
	bell    chan struct{}
	credits int
	tasks   []func()
}

func New() *P {
	p := &P{bell: make(chan struct{}, window), credits: window}
	go p.work()
	return p
}

func (p *P) Submit(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tasks = append(p.tasks, f)
	if p.credits > 0 {
		p.credits--
		p.bell <- struct{}{}
	}
}

func (p *P) work() {
	for range p.bell {
		p.mu.Lock()
		p.credits++
		tasks := p.tasks
		p.tasks = nil
		p.mu.Unlock()
		for _, f := range tasks {
			f()
		}
	}
}
