package counter

import "sync"

func with[L interface {
	Lock()
	Unlock()
}](l L, f func()) {
	l.Lock()
	defer l.Unlock()
	f()
}

type Counter struct {
	mu   sync.Mutex
	cond *sync.Cond
	n    uint64
}

func New() *Counter { c := new(Counter); c.cond = sync.NewCond(&c.mu); return c }

func (c *Counter) Add() { with(&c.mu, func() { c.n++ }) }

func (c *Counter) Await() {
	with(&c.mu, func() {
		for c.n == 0 {
			c.cond.Wait()
		}
	})
}

func (c *Counter) Total() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *Counter) Take() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.n
	c.n = 0
	return n
}
