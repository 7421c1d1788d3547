package p

import (
	"errors"
	"sync"
)

var ErrClosed = errors.New("closed")

type queue struct {
	mu     sync.Mutex
	closed bool
	tasks  []func()
	high   int
	idle   []chan struct{}
}

func (q *queue) push(t func()) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0, ErrClosed
	}
	q.tasks = append(q.tasks, t)
	return len(q.tasks), nil
}

func (q *queue) note(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.high = max(q.high, n)
}

func (q *queue) shut() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

type P struct{ q queue }

func (p *P) Submit(t func()) error {
	n, err := p.q.push(t)
	if err != nil {
		return err
	}
	p.q.note(n)
	return nil
}

func (p *P) Close() { p.q.shut() }
