package cache

import (
	"sync"
	"sync/atomic"
)

type Cache struct {
	mu      sync.RWMutex
	entries map[string]int
	hits    atomic.Int64
}

func (c *Cache) Get(key string) (int, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n, ok := c.entries[key]
	if ok {
		c.hits.Add(1)
	}
	return n, ok
}

func (c *Cache) Touch(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries[key]++
}
