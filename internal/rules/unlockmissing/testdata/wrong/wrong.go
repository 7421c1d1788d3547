package cache

import "sync"

type Cache struct {
	mu      sync.Mutex
	entries map[string]int
}

func (c *Cache) Delete(key string) bool {
	c.mu.Lock()
	if _, ok := c.entries[key]; !ok {
		return false // want
	}
	delete(c.entries, key)
	c.mu.Unlock()
	return true
}
