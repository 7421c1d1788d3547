package counter

import "sync"

type Counter struct {
	mu    sync.Mutex
	total uint64
	names map[string]int
}

func (c *Counter) Increment(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
	c.names[name]++
}

func (c *Counter) Total() uint64 {
	return c.total // want
}

func (c *Counter) Of(name string) int {
	return c.names[name] // want
}
