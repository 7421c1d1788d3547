package p

import (
	"errors"
	"sync"
)

var ErrClosed = errors.New("closed")

type P struct {
	mu     sync.Mutex
	closed bool
	tasks  []func()
	idle   []chan struct{}
}

func (p *P) Submit(t func()) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return ErrClosed
	}
	p.tasks = append(p.tasks, t)
	p.mu.Unlock()

	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		close(p.idle[n-1])
		p.idle = p.idle[:n-1]
	}
	return nil
}

func (p *P) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
}

func (p *P) Rest() {
	c := make(chan struct{})
	p.mu.Lock()
	p.idle = append(p.idle, c)
	p.mu.Unlock()
	<-c
}
