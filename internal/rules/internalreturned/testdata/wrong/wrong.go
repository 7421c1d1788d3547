package workerpool

import "sync"

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
	return p.results // want
}

func (p *Pool) States() map[int]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	states := p.states // want
	return states
}
