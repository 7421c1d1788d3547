package p

import "sync"

type P struct {
	mu      sync.Mutex
	hand    chan func()
	idle    int // goroutines that receive from hand or are on the way there
	backlog []func()
}

func New(n int) *P {
	p := &P{hand: make(chan func()), idle: n}
	for range n {
		go p.work()
	}
	return p
}

func (p *P) Submit(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle == 0 {
		p.backlog = append(p.backlog, f)
		return
	}
	p.idle--
	p.hand <- f
}

func (p *P) work() {
	for f := range p.hand {
		for f != nil {
			f()
			f = p.next()
		}
	}
}

func (p *P) next() (f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.backlog) == 0 {
		p.idle++
		return nil
	}
	f = p.backlog[0]
	p.backlog = p.backlog[1:]
	return f
}
