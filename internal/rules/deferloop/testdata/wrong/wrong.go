package cache

import "sync"

type Cache struct {
	mu      sync.Mutex
	entries map[string]int
}

func (c *Cache) PutAll(keys []string) {
	for _, key := range keys {
		c.mu.Lock()
		defer c.mu.Unlock() // want
		c.entries[key]++
	}
}
