package cache

import "sync"

type Cache struct {
	mu      sync.RWMutex
	version uint64
	m       map[string]*int
}

func (c *Cache) changedSince(v uint64) bool { return c.version != v }

func (c *Cache) Delete(key string) bool {
	for {
		c.mu.RLock()
		version, e := c.version, c.m[key]
		c.mu.RUnlock()
		if e == nil {
			return false
		}
		c.mu.Lock()
		if c.changedSince(version) {
			c.mu.Unlock()
			continue
		}
		c.version++
		delete(c.m, key)
		c.mu.Unlock()
		return true
	}
}

func (c *Cache) Put(key string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	c.m[key] = &n
}
