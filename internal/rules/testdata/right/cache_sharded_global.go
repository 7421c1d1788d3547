// Sharded lookup with exact global capacity: one lock per shard, one for the
// order, always in that order; Stats locks all shards.
package cache

import (
	"container/list"
	"hash/maphash"
	"sync"
)

type item[K comparable, V any] struct {
	key  K
	val  V
	node *list.Element
}

type part[K comparable, V any] struct {
	mu     sync.RWMutex
	items  map[K]*item[K, V]
	hits   uint64
	misses uint64
}

type Cache[K comparable, V any] struct {
	seed  maphash.Seed
	parts []*part[K, V]
	ordMu sync.Mutex // after any part's
	order *list.List
	limit int
}

func New[K comparable, V any](limit int) *Cache[K, V] {
	c := &Cache[K, V]{seed: maphash.MakeSeed(), limit: limit, order: list.New(), parts: make([]*part[K, V], 8)}
	for i := range c.parts {
		c.parts[i] = newPart[K, V]()
	}
	return c
}

func newPart[K comparable, V any]() *part[K, V] {
	p := new(part[K, V])
	p.init()
	return p
}

func (p *part[K, V]) init() { p.items = make(map[K]*item[K, V]) }

func (c *Cache[K, V]) of(key K) *part[K, V] {
	return c.parts[maphash.Comparable(c.seed, key)%uint64(len(c.parts))]
}

func (c *Cache[K, V]) Get(key K) (V, bool) {
	p := c.of(key)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.find(key)
}

func (p *part[K, V]) find(key K) (v V, ok bool) {
	it, ok := p.items[key]
	if !ok {
		p.misses++
		return v, false
	}
	p.hits++
	return it.val, true
}

func (c *Cache[K, V]) lockAll() {
	for _, p := range c.parts {
		p.mu.Lock()
	}
	c.ordMu.Lock()
}

func (c *Cache[K, V]) unlockAll() {
	c.ordMu.Unlock()
	for i := len(c.parts) - 1; i >= 0; i-- {
		c.parts[i].mu.Unlock()
	}
}

func (c *Cache[K, V]) Put(key K, v V) {
	c.lockAll()
	defer c.unlockAll()
	p := c.of(key)
	if it, ok := p.items[key]; ok {
		it.val = v
		return
	}
	if c.order.Len() >= c.limit {
		oldest := c.order.Remove(c.order.Front()).(K)
		delete(c.of(oldest).items, oldest)
	}
	p.items[key] = &item[K, V]{key, v, c.order.PushBack(key)}
}

func (c *Cache[K, V]) Clear() {
	c.lockAll()
	for _, p := range c.parts {
		clear(p.items)
		p.hits, p.misses = 0, 0
	}
	c.order.Init()
	c.unlockAll()
}

func (c *Cache[K, V]) Counts() (hits, misses uint64) {
	for _, p := range c.parts {
		p.mu.RLock()
	}
	for _, p := range c.parts {
		hits += p.hits
		misses += p.misses
	}
	for _, p := range c.parts {
		p.mu.RUnlock()
	}
	return hits, misses
}
