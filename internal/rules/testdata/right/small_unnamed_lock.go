package counter

import "sync"

type Counter struct {
	rw    sync.RWMutex
	locks map[string]*sync.Mutex
	fails uint64
}

func (c *Counter) only(name string) func() {
	mu := c.locks[name]
	mu.Lock()
	return mu.Unlock
}

func (c *Counter) Fail() {
	c.rw.RLock()
	defer c.rw.RUnlock()
	defer c.only("fails")()
	c.fails++
}
