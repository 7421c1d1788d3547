package workerpool

import "sync"

type Pool struct {
	mu      sync.Mutex
	tasks   chan func()
	pending int
}

func New(n int) *Pool {
	p := &Pool{tasks: make(chan func(), 64)}
	for range n {
		go p.work()
	}
	return p
}

func (p *Pool) Submit(task func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending++
	p.tasks <- task // want
}

func (p *Pool) work() {
	for task := range p.tasks {
		p.began()
		task()
	}
}

func (p *Pool) began() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending--
}
