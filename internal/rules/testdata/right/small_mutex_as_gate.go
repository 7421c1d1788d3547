package p

import "sync"

type P struct {
	mu      sync.Mutex
	n       int
	waiting []*sync.Mutex
}

func (p *P) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n--; p.n == 0 {
		for _, m := range p.waiting {
			m.Unlock()
		}
		p.waiting = nil
	}
}

func (p *P) Wait() {
	var gate sync.Mutex
	gate.Lock()
	p.mu.Lock()
	if p.n == 0 {
		p.mu.Unlock()
		return
	}
	p.waiting = append(p.waiting, &gate)
	p.mu.Unlock()
	gate.Lock() // until Done has unlocked it
}
