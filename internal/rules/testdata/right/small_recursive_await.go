package cache

import "sync"

type future struct {
	known bool
	n     int
}
type Cache struct {
	mu   sync.Mutex
	cond *sync.Cond
	m    map[string]*future
}

func New() *Cache { c := new(Cache); c.cond = sync.NewCond(&c.mu); return c }

func (c *Cache) await(f *future) {
	if f.known {
		return
	}
	c.cond.Wait()
	c.await(f)
}

func (c *Cache) Share(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.m[key]
	c.await(f)
	return f.n
}
