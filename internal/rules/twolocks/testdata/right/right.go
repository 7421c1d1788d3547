package counter

import "sync"

type Counter struct {
	mu      sync.Mutex
	resetMu sync.Mutex
	total   uint64
	resets  int
}

func (c *Counter) Increment() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
}

// Reset writes resets under both locks, so that either is enough to read it.
func (c *Counter) Reset() {
	c.resetMu.Lock()
	defer c.resetMu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total = 0
	c.resets++
}

func (c *Counter) Resets() int {
	c.resetMu.Lock()
	defer c.resetMu.Unlock()
	return c.resets
}

func (c *Counter) Both() (uint64, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total, c.resets
}
