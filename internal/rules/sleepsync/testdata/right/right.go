package workerpool

import "sync"

type Pool struct {
	mu      sync.Mutex
	empty   *sync.Cond
	pending int
}

func New() *Pool {
	p := &Pool{}
	p.empty = sync.NewCond(&p.mu)
	return p
}

func (p *Pool) Wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.pending > 0 {
		p.empty.Wait()
	}
}
