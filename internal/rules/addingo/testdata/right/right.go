package workerpool

import "sync"

type Pool struct {
	wg    sync.WaitGroup
	tasks chan func()
}

func (p *Pool) Start(n int) {
	p.wg.Add(1)
	go p.spread(n)
}

// spread starts the workers, for each of which it counts before it is started.
func (p *Pool) spread(n int) {
	defer p.wg.Done()
	for range n {
		p.wg.Add(1)
		go p.work()
	}
}

func (p *Pool) work() {
	defer p.wg.Done()
	for task := range p.tasks {
		task()
	}
}

func (p *Pool) Close() {
	close(p.tasks)
	p.wg.Wait()
}
