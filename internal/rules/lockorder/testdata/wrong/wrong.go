package cache

import "sync"

type Cache struct {
	entriesMu sync.Mutex
	entries   map[string]int
	statsMu   sync.Mutex
	hits      int
}

func (c *Cache) Get(key string) int {
	c.entriesMu.Lock()
	defer c.entriesMu.Unlock()
	c.hit()
	return c.entries[key]
}

func (c *Cache) hit() {
	c.statsMu.Lock() // want
	defer c.statsMu.Unlock()
	c.hits++
}

func (c *Cache) Clear() {
	c.statsMu.Lock()
	defer c.statsMu.Unlock()
	c.hits = 0
	c.entriesMu.Lock()
	defer c.entriesMu.Unlock()
	clear(c.entries)
}
