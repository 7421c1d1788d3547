package counter

import "sync"

type Counter struct {
	mu      sync.Mutex
	resetMu sync.Mutex
	total   uint64
}

func (c *Counter) Increment() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
}

func (c *Counter) Reset() {
	c.resetMu.Lock()
	defer c.resetMu.Unlock()
	c.total = 0 // want
}
