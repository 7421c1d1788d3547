// cache stepping-out: GetOrLoad holds the lock from its first line to its last, by defer, and steps out of it for the load and for waiting.
package cache

import (
	"container/list"
	"errors"
	"sync"
)

// ErrPanicked is what those get who wait for a load that panics.
var ErrPanicked = errors.New("cache: the load of the value panicked")

// Stats is one consistent view of a cache.
type Stats struct {
	Hits, Misses, Evictions uint64
	Len, Capacity           int
}

// HitRate is Hits/(Hits+Misses), 0 when both are 0.
func (s Stats) HitRate() float64 {
	switch lookups := s.Hits + s.Misses; lookups {
	case 0:
		return 0
	default:
		return float64(s.Hits) / float64(lookups)
	}
}

type record[K comparable, V any] struct {
	key   K
	value V
}

type flight[V any] struct {
	landed chan struct{}
	value  V
	err    error
}

// Cache is a bounded FIFO cache. It must not be copied after first use.
type Cache[K comparable, V any] struct {
	mu       sync.Mutex
	capacity int
	lookup   map[K]*list.Element
	line     *list.List // of record[K, V], oldest first
	flights  map[K]*flight[V]
	stats    Stats
}

// New makes a cache for capacity entries. It panics if capacity < 1.
func New[K comparable, V any](capacity int) *Cache[K, V] {
	if capacity < 1 {
		panic("cache: a cache needs room for one entry")
	}
	return &Cache[K, V]{
		capacity: capacity,
		lookup:   make(map[K]*list.Element),
		line:     list.New(),
		flights:  make(map[K]*flight[V]),
	}
}

// outside does something without the lock, which the caller holds before and after.
func (c *Cache[K, V]) outside(do func()) {
	c.mu.Unlock()
	defer c.mu.Lock()
	do()
}

// Get looks key up and counts a hit or a miss.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.find(key)
}

// Put stores value under key, evicting the oldest entry if it must.
func (c *Cache[K, V]) Put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, key)
	c.store(key, value)
}

// GetOrLoad returns the value of key, loading it if it is absent.
func (c *Cache[K, V]) GetOrLoad(key K, load func(K) (V, error)) (V, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if value, ok := c.find(key); ok {
		return value, nil
	}
	if f, ok := c.flights[key]; ok {
		c.outside(func() { <-f.landed })
		return f.value, f.err
	}
	f := &flight[V]{landed: make(chan struct{}), err: ErrPanicked}
	c.flights[key] = f
	defer c.land(key, f)
	c.outside(func() { f.value, f.err = load(key) })
	return f.value, f.err
}

// land ends a flight, and stores what it brought if it still is the one of its key.
// The caller holds the lock.
func (c *Cache[K, V]) land(key K, f *flight[V]) {
	if c.flights[key] == f {
		delete(c.flights, key)
		if f.err == nil {
			c.store(key, f.value)
		}
	}
	close(f.landed)
}

// Delete removes key and reports whether it was present.
func (c *Cache[K, V]) Delete(key K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, key)
	element, ok := c.lookup[key]
	if !ok {
		return false
	}
	delete(c.lookup, key)
	c.line.Remove(element)
	return true
}

// Len is the number of entries.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.line.Len()
}

// Stats is a snapshot.
func (c *Cache[K, V]) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Len, c.stats.Capacity = c.line.Len(), c.capacity
	return c.stats
}

// Clear removes every entry and zeroes the statistics.
func (c *Cache[K, V]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lookup = make(map[K]*list.Element)
	c.line = list.New()
	c.flights = make(map[K]*flight[V])
	c.stats = Stats{}
}

// find looks up and counts. The caller holds the lock.
func (c *Cache[K, V]) find(key K) (value V, ok bool) {
	element, ok := c.lookup[key]
	if !ok {
		c.stats.Misses++
		return value, false
	}
	c.stats.Hits++
	return element.Value.(record[K, V]).value, true
}

// store inserts or replaces. The caller holds the lock.
func (c *Cache[K, V]) store(key K, value V) {
	if element, ok := c.lookup[key]; ok {
		element.Value = record[K, V]{key, value}
		return
	}
	if c.line.Len() == c.capacity {
		oldest := c.line.Remove(c.line.Front()).(record[K, V])
		delete(c.lookup, oldest.key)
		c.stats.Evictions++
	}
	c.lookup[key] = c.line.PushBack(record[K, V]{key, value})
}
