package cache

import "sync"

type Cache struct {
	entriesMu sync.Mutex
	entries   map[string]int
	statsMu   sync.Mutex // after entriesMu
	hits      int
}

func (c *Cache) Get(key string) int {
	c.entriesMu.Lock()
	defer c.entriesMu.Unlock()
	c.hit()
	return c.entries[key]
}

func (c *Cache) hit() {
	c.statsMu.Lock()
	defer c.statsMu.Unlock()
	c.hits++
}

func (c *Cache) Clear() {
	c.entriesMu.Lock()
	defer c.entriesMu.Unlock()
	clear(c.entries)
	c.statsMu.Lock()
	defer c.statsMu.Unlock()
	c.hits = 0
}

// Reset takes them one after the other, never both.
func (c *Cache) Reset() {
	c.statsMu.Lock()
	c.hits = 0
	c.statsMu.Unlock()
	c.entriesMu.Lock()
	clear(c.entries)
	c.entriesMu.Unlock()
}
