package cache

import "sync"

type Cache struct {
	mu      sync.RWMutex
	entries map[string]int
}

func (c *Cache) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.entries)
}

func (c *Cache) Put(key string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Len() < 10 { // want
		c.entries[key] = n
	}
}

func (c *Cache) GetOrZero(key string) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n, ok := c.entries[key]
	if !ok {
		c.mu.Lock() // want
		c.entries[key] = 0
		c.mu.Unlock()
	}
	return n
}
