package counter

import "sync"

var (
	mu       sync.Mutex
	counters []*Counter
)

type Counter struct {
	mu    sync.Mutex
	total int
}

func New() *Counter {
	c := &Counter{}
	mu.Lock()
	defer mu.Unlock()
	counters = append(counters, c)
	return c
}

func (c *Counter) Increment() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
}
