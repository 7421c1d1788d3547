package workerpool

import (
	"errors"
	"sync"
)

var ErrClosed = errors.New("closed")

type Stats struct{ Submitted, Failed int }

type Pool struct {
	mu     sync.Mutex
	closed bool
	queue  []func()
	stats  Stats
}

func (p *Pool) Submit(task func()) error {
	p.mu.Lock()
	closed := p.closed
	p.mu.Unlock()
	if closed {
		return ErrClosed
	}
	p.mu.Lock() // want
	defer p.mu.Unlock()
	p.queue = append(p.queue, task)
	return nil
}

func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
}

func (p *Pool) Fail() {
	p.mu.Lock()
	p.stats.Failed++
	p.mu.Unlock()
}

func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

func (p *Pool) Reset() Stats {
	was := p.Stats()
	p.mu.Lock() // want
	defer p.mu.Unlock()
	p.stats = Stats{}
	return was
}
