package cache

import "sync"

type Cache struct {
	mu      sync.RWMutex
	entries map[string]int
	hits    int
}

func (c *Cache) Get(key string) (int, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n, ok := c.entries[key]
	if ok {
		c.hits++ // want
	}
	return n, ok
}

func (c *Cache) Touch(key string) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	c.entries[key]++ // want
}
