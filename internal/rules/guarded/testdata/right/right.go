package counter

import "sync"

type Counter struct {
	mu    sync.Mutex
	total uint64
	names map[string]int
}

func New() *Counter {
	c := &Counter{}
	c.names = map[string]int{} // nobody else knows c yet
	return c
}

func (c *Counter) Increment(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
	c.names[name]++
}

func (c *Counter) Total() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

func (c *Counter) Of(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lookup(name)
}

// lookup is called with the lock held.
func (c *Counter) lookup(name string) int { return c.names[name] }
