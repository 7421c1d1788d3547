package counter

import (
	"iter"
	"sync"
)

type Counter struct {
	mu sync.Mutex
	n  uint64
}

func (c *Counter) alone() iter.Seq[int] {
	return func(yield func(int) bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		yield(0)
	}
}

func (c *Counter) Add() {
	for range c.alone() {
		c.n++
	}
}

func (c *Counter) Total() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}
