package counter

import "sync"

type Counter struct {
	mu    sync.Mutex
	total int
}

func (c *Counter) Increment() {
	if !c.mu.TryLock() { // want
		return
	}
	defer c.mu.Unlock()
	c.total++
}

func (c *Counter) Add(n int) { c.add(n) }

func (c *Counter) add(n int) {
	if c.mu.TryLock() { // want
		c.total += n
		c.mu.Unlock()
	}
}
