package cache

import "sync"

type Cache struct {
	mu      sync.RWMutex
	entries map[string]int
}

func (c *Cache) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.length()
}

// length is called with the lock held.
func (c *Cache) length() int { return len(c.entries) }

func (c *Cache) Put(key string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.length() < 10 {
		c.entries[key] = n
	}
}

func (c *Cache) GetOrZero(key string) int {
	c.mu.RLock()
	n, ok := c.entries[key]
	c.mu.RUnlock()
	if ok {
		return n
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, ok := c.entries[key]; ok {
		return n
	}
	c.entries[key] = 0
	return 0
}
