package counter

import "sync"

type Counter struct {
	mu sync.Mutex
	n  uint64
}

func (c *Counter) tryAdd() bool {
	if !c.mu.TryLock() {
		return false
	}
	defer c.mu.Unlock()
	c.n++
	return true
}

func (c *Counter) Add() {
	if c.tryAdd() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}
