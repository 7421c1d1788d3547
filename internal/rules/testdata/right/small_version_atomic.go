package cache

import (
	"sync"
	"sync/atomic"
)

type Cache struct {
	mu      sync.RWMutex
	version atomic.Uint64
	m       map[string]*int
}

func (c *Cache) Delete(key string) bool {
	for {
		c.mu.RLock()
		version, e := c.version.Load(), c.m[key]
		c.mu.RUnlock()
		if e == nil {
			return false
		}
		c.mu.Lock()
		if c.version.Load() != version {
			c.mu.Unlock()
			continue
		}
		c.version.Add(1)
		delete(c.m, key)
		c.mu.Unlock()
		return true
	}
}

func (c *Cache) Put(key string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version.Add(1)
	c.m[key] = &n
}
