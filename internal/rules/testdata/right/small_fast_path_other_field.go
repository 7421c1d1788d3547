package p

import (
	"errors"
	"sync"
)

var ErrClosed = errors.New("closed")

type P struct {
	mu     sync.Mutex
	closed bool
	queue  *[]func()
}

func New() *P { return &P{queue: &[]func(){}} }

func (p *P) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

func (p *P) Submit(t func()) error {
	if p.isClosed() {
		return ErrClosed
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue == nil {
		return ErrClosed
	}
	*p.queue = append(*p.queue, t)
	p.queue = p.queue
	return nil
}

func (p *P) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.queue = nil
}
