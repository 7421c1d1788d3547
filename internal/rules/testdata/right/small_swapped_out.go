package cache

import "sync"

type Cache struct {
	mu sync.Mutex
	m  map[string]int
}

func (c *Cache) Put(key string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[key] = n
}

func (c *Cache) Clear() {
	c.mu.Lock()
	old := c.m
	c.m = map[string]int{}
	c.mu.Unlock()
	clear(old)
}
