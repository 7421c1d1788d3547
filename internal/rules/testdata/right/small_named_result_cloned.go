package p

import (
	"slices"
	"sync"
)

type P struct {
	mu      sync.Mutex
	results []int
}

func (p *P) Add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.results = append(p.results, n)
}

func (p *P) Results() (out []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out = p.results
	out = slices.Clone(out)
	return out
}
