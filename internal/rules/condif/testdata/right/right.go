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

func (p *Pool) next() func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) == 0 {
		p.sleep()
	}
	task := p.queue[0]
	p.queue = p.queue[1:]
	return task
}

// sleep is called with the lock held, from loops.
func (p *Pool) sleep() { p.wake.Wait() }

func (p *Pool) work() {
	for {
		task := p.next()
		if task == nil {
			return
		}
		task()
	}
}

func (p *Pool) Start() {
	go p.work()
}
