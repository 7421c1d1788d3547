package workerpool

import "sync"

type Pool struct {
	mu       sync.Mutex
	tasks    chan func()
	overflow []func()
	pending  int
	free     chan int
}

func New(n int) *Pool {
	p := &Pool{tasks: make(chan func(), 64), free: make(chan int, n)}
	for id := range n {
		go p.work(id)
	}
	return p
}

func (p *Pool) Submit(task func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending++
	if len(p.overflow) == 0 && len(p.tasks) < cap(p.tasks) {
		p.tasks <- task
		return
	}
	p.overflow = append(p.overflow, task)
}

func (p *Pool) work(id int) {
	for task := range p.tasks {
		p.began(id)
		task()
	}
}

// began has room in free for every worker there is.
func (p *Pool) began(id int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending--
	p.free <- id
}

func (p *Pool) Free() int {
	return <-p.free
}
