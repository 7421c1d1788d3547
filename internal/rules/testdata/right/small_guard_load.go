package cache

import "sync"

type Cache struct {
	mu sync.Mutex
	m  map[string]int
}
type guard struct{ c *Cache }

func (c *Cache) acquire() guard { c.mu.Lock(); return guard{c} }
func (g guard) release()        { g.c.mu.Unlock() }

func (c *Cache) GetOrLoad(key string, load func(string) (int, error)) (int, error) {
	g := c.acquire()
	n, ok := c.m[key]
	g.release()
	if ok {
		return n, nil
	}
	n, err := load(key)
	h := c.acquire()
	defer h.release()
	c.m[key] = n
	return n, err
}
