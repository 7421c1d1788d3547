package workerpool

import "sync"

type Pool struct {
	wg sync.WaitGroup
}

func (p *Pool) Start(work func()) {
	go func() {
		p.wg.Add(1) // want
		defer p.wg.Done()
		work()
	}()
}

func (p *Pool) Wait() { p.wg.Wait() }
