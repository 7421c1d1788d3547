package counter

import "sync"

type options struct{ start uint64 }

func (o options) apply(c *Counter) { c.n = o.start }

type Counter struct {
	mu sync.Mutex
	n  uint64
}

func New() *Counter {
	c := new(Counter)
	options{}.apply(c)
	return c
}

func (c *Counter) Add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}
