package p

import "sync"

type shard struct {
	mu sync.Mutex
	m  map[string]int
}

type Cache struct{ shards [16]shard }

func (c *Cache) shard(key string) *shard { return &c.shards[len(key)%16] }

func (c *Cache) Put(key string, n int) {
	c.shard(key).mu.Lock()
	defer c.shard(key).mu.Unlock()
	c.shard(key).m[key] = n
}
