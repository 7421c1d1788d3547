package counter

import "sync"

type Counter struct {
	mu sync.Mutex
	n  uint64
}

func repeat(n int, f func()) {
	for range n {
		f()
	}
}

func (c *Counter) AddMany(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	repeat(n, func() { c.n++ })
}

func (c *Counter) Add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *Counter) AddSlowly(n int) { repeat(n, func() { c.Add() }) }
