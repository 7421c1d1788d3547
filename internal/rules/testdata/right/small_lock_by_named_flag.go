package p

import "sync"

type lockState int

const (
	unlocked lockState = iota
	locked
)

type P struct {
	mu sync.Mutex
	n  int
}

func (p *P) count(l lockState) int {
	if l == unlocked {
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	return p.n
}

func (p *P) Reset() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.count(locked)
	p.n = 0
	return was
}

func (p *P) N() int { return p.count(unlocked) }
