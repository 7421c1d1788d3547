package p

import "sync"

type queue struct {
	mu    *sync.Mutex
	items []int
}

func (q *queue) pushAndUnlock(n int) {
	q.items = append(q.items, n)
	q.mu.Unlock()
}

type P struct {
	mu sync.Mutex
	q  queue
	n  int
}

func New() *P {
	p := &P{}
	p.q.mu = &p.mu
	return p
}

func (p *P) Push(n int) {
	p.mu.Lock()
	p.n++
	p.q.pushAndUnlock(n)
}

func (p *P) Twice(n int) {
	p.mu.Lock()
	p.n++
	p.q.pushAndUnlock(n)
	p.mu.Lock()
	p.n++
	p.q.pushAndUnlock(n)
}
