package counter

import "sync"

type shard struct {
	mu sync.Mutex
	m  map[string]uint64
}

func (s *shard) reset() { s.m = map[string]uint64{} }

type Counter struct{ shards [4]shard }

func (c *Counter) shard(i int) *shard { return &c.shards[i] }

func New() *Counter {
	c := new(Counter)
	for i := range c.shards {
		c.shard(i).reset()
	}
	return c
}

func (c *Counter) Add(i int) {
	s := c.shard(i)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m["x"]++
}
