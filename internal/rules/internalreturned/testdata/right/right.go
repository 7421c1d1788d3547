package workerpool

import (
	"maps"
	"slices"
	"sync"
)

type Pool struct {
	mu      sync.Mutex
	results []int
	states  map[int]string
}

func (p *Pool) Add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.results = append(p.results, n)
	p.states[n] = "done"
}

func (p *Pool) Results() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.results)
}

func (p *Pool) States() map[int]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.states)
}

// Drain hands the results over.
func (p *Pool) Drain() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	results := p.results
	p.results = nil
	return results
}
