package workerpool

import "sync"

type Pool struct {
	mu    sync.Mutex
	wake  *sync.Cond
	queue []func()
}

func New() *Pool {
	p := &Pool{}
	p.wake = sync.NewCond(&p.mu)
	return p
}

func (p *Pool) Submit(task func()) {
	p.mu.Lock()
	p.queue = append(p.queue, task)
	p.mu.Unlock()
	p.wake.Signal()
}

func (p *Pool) work() {
	for {
		p.mu.Lock()
		if len(p.queue) == 0 {
			p.wake.Wait() // want
		}
		task := p.queue[0]
		p.queue = p.queue[1:]
		p.mu.Unlock()
		if task == nil {
			return
		}
		task()
	}
}

func (p *Pool) Start() {
	go p.work()
}
