package workerpool

import "sync"

type Pool struct {
	wg    sync.WaitGroup
	tasks chan func()
}

func (p *Pool) Start(n int) {
	for range n {
		go p.work()
	}
}

func (p *Pool) work() {
	p.wg.Add(1) // want
	defer p.wg.Done()
	for task := range p.tasks {
		task()
	}
}

func (p *Pool) Close() {
	close(p.tasks)
	p.wg.Wait()
}
