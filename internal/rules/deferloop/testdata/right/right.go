package cache

import "sync"

type shard struct {
	mu      sync.Mutex
	entries map[string]int
}

type Cache struct {
	mu      sync.Mutex
	entries map[string]int
	shards  []shard
}

func (c *Cache) PutAll(keys []string) {
	for _, key := range keys {
		c.put(key)
	}
}

func (c *Cache) put(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries[key]++
}

// Len holds all shards at once: a different lock in every round.
func (c *Cache) Len() int {
	n := 0
	for i := range c.shards {
		c.shards[i].mu.Lock()
		defer c.shards[i].mu.Unlock()
		n += len(c.shards[i].entries)
	}
	return n
}
