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

func (p *Pool) Wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.tasks > 0 {
		p.idle.Wait()
	}
}
