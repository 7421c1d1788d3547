// A lock that is taken by one goroutine and given back by the one that it
// starts; a channel that a goroutine closes for the one that made it.
package workerpool

import "sync"

type Pool struct {
	mu   sync.Mutex
	done chan struct{}
	n    int
}

func (p *Pool) Start(step func() (int, error)) <-chan struct{} {
	p.mu.Lock()
	p.done = make(chan struct{})
	done := p.done
	go func() {
		defer p.mu.Unlock()
		p.n++
		close(p.done)
	}()
	return done
}

func (p *Pool) Twice(step func() (int, error)) {
	<-p.Start(step)
	<-p.Start(step)
}

func (p *Pool) Count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}
