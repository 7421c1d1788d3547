package cache

import "sync"

type Cache struct {
	mu      sync.Mutex
	entries map[string]int
}

func (c *Cache) Delete(key string) bool {
	c.mu.Lock()
	if _, ok := c.entries[key]; !ok {
		c.mu.Unlock()
		return false
	}
	delete(c.entries, key)
	c.mu.Unlock()
	return true
}

// lockIfPresent returns with the lock held if it returns true.
func (c *Cache) lockIfPresent(key string) bool {
	c.mu.Lock()
	if _, ok := c.entries[key]; !ok {
		c.mu.Unlock()
		return false
	}
	return true
}

func (c *Cache) Add(key string, n int) {
	if c.lockIfPresent(key) {
		c.entries[key] += n
		c.mu.Unlock()
	}
}
