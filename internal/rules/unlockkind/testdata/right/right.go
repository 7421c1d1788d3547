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
	c.entries[key] = n
	c.mu.Unlock()
}
