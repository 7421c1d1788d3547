package cache

import "sync"

type future struct{ known bool }
type Cache struct {
	mu   sync.Mutex
	cond *sync.Cond
}

func New() *Cache { c := new(Cache); c.cond = sync.NewCond(&c.mu); return c }

func (c *Cache) settled(f *future) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !f.known {
		c.cond.Wait()
	}
	return f.known
}

func (c *Cache) Await(f *future) {
	for !c.settled(f) {
	}
}
