package counter

import "sync"

type Counter struct {
	mu    sync.RWMutex
	epoch uint64
	n     uint64
}

func (c *Counter) still(epoch uint64) bool { return c.epoch == epoch }

func (c *Counter) Reset() uint64 {
	for {
		c.mu.RLock()
		epoch, n := c.epoch, c.n
		c.mu.RUnlock()
		c.mu.Lock()
		if c.still(epoch) {
			c.epoch++
			c.n = 0
			c.mu.Unlock()
			return n
		}
		c.mu.Unlock()
	}
}

func (c *Counter) Add() { c.mu.Lock(); c.epoch++; c.n++; c.mu.Unlock() }
