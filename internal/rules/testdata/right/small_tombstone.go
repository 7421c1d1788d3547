package cache

import "sync"

type entry struct {
	value int
	dead  bool // for ever
}
type Cache struct {
	mu sync.RWMutex
	m  map[string]*entry
}

func (c *Cache) Replace(key string, n int) bool {
	c.mu.RLock()
	e := c.m[key]
	c.mu.RUnlock()
	if e == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.dead {
		return false
	}
	e.value = n
	return true
}

func (c *Cache) Delete(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.m[key]; e != nil {
		e.dead = true
		delete(c.m, key)
	}
}
