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
	ended  bool
	wg     sync.WaitGroup
}

func (p *Pool) Submit(task func()) error {
	if p.isClosed() {
		return ErrClosed // no need to wait for the lock a second time
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.queue = append(p.queue, task)
	return nil
}

func (p *Pool) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

func (p *Pool) Close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true // nobody else gets past here
	p.mu.Unlock()
	p.wg.Wait()
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
}

func (p *Pool) Fail() {
	p.mu.Lock()
	p.stats.Failed++
	p.mu.Unlock()
}

func (p *Pool) Reset() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.stats
	p.stats = Stats{}
	return was
}
