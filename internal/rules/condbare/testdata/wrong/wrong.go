package workerpool

import "sync"

type Pool struct {
	mu    sync.Mutex
	idle  *sync.Cond
	tasks int
}

func New() *Pool {
	p := &Pool{}
	p.idle = sync.NewCond(&p.mu)
	return p
}

func (p *Pool) pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tasks
}

func (p *Pool) Wait() {
	for p.pending() > 0 {
		p.idle.Wait() // want
	}
}
