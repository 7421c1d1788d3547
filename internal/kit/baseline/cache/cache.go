// Package cache is a bounded first-in-first-out cache with hit and miss
// statistics. Numbers such as C3 name the sentences of docs/contract.md.
//
// This is the textbook fix: one mutex guards everything, and nothing of the
// caller's runs while it is held.
package cache

import (
	"container/list"
	"errors"
	"sync"
)

// ErrLoadPanicked is what callers of GetOrLoad get when the load that they
// waited for, run by another caller, panicked (C14).
var ErrLoadPanicked = errors.New("cache: load panicked")

// Cache maps keys to values and holds at most as many entries as its capacity;
// when full, it evicts the entry whose key was inserted earliest (C3, C5).
//
// It is safe for concurrent use (G1), linearizable (C9), and must not be copied
// after first use (G2).
type Cache[K comparable, V any] struct {
	mu       sync.Mutex
	capacity int

	// The fields below are guarded by mu.
	entries map[K]*list.Element // of order; the values are of type entry[K, V]
	order   *list.List          // front: inserted earliest
	flights map[K]*flight[V]    // loads that may still store their value

	hits, misses, evictions uint64
}

// entry is what the elements of Cache.order hold.
type entry[K comparable, V any] struct {
	key   K
	value V
}

// flight is one call of a load function. Its result is written before done is
// closed and read only after.
type flight[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// Stats is a snapshot of a cache: every field was true at one instant (C8).
type Stats struct {
	Hits, Misses, Evictions uint64
	Len, Capacity           int
}

// HitRate returns Hits/(Hits+Misses), and 0 when both are 0 (C8).
func (s Stats) HitRate() float64 {
	if s.Hits+s.Misses == 0 {
		return 0
	}
	return float64(s.Hits) / float64(s.Hits+s.Misses)
}

// New returns an empty cache. It panics if capacity < 1 (C1).
func New[K comparable, V any](capacity int) *Cache[K, V] {
	if capacity < 1 {
		panic("cache: capacity must be at least 1")
	}
	return &Cache[K, V]{
		capacity: capacity,
		entries:  make(map[K]*list.Element),
		order:    list.New(),
		flights:  make(map[K]*flight[V]),
	}
}

// Get looks up a key and counts one hit or one miss, in one step (C2).
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lookup(key)
}

// Put stores a value. A new key may evict the oldest entry (C3); a present one
// keeps its age (C4). A load of the key that is in flight is overtaken (C15).
func (c *Cache[K, V]) Put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, key)
	c.store(key, value)
}

// GetOrLoad returns the value of a key, loading it if it is absent (C10). Of
// the callers that miss one key, the first runs load, with no lock held, and
// the others wait for what it returns (C11).
func (c *Cache[K, V]) GetOrLoad(key K, load func(K) (V, error)) (V, error) {
	c.mu.Lock()
	if value, ok := c.lookup(key); ok {
		c.mu.Unlock()
		return value, nil
	}
	if f, ok := c.flights[key]; ok {
		c.mu.Unlock()
		<-f.done
		return f.value, f.err
	}
	f := &flight[V]{done: make(chan struct{}), err: ErrLoadPanicked}
	c.flights[key] = f
	c.mu.Unlock()

	// A panic of load is not recovered but passes through, after land (C14).
	defer c.land(key, f)
	f.value, f.err = load(key)
	return f.value, f.err
}

// Delete removes a key and reports whether it was present (C6). A load of the
// key that is in flight is overtaken (C15).
func (c *Cache[K, V]) Delete(key K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, key)
	element, ok := c.entries[key]
	if ok {
		c.order.Remove(element)
		delete(c.entries, key)
	}
	return ok
}

// Len returns the number of entries, never more than the capacity (C5).
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries)
}

// Stats returns a snapshot (C8).
func (c *Cache[K, V]) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		Hits:      c.hits,
		Misses:    c.misses,
		Evictions: c.evictions,
		Len:       len(c.entries),
		Capacity:  c.capacity,
	}
}

// Clear removes every entry and zeroes the statistics, in one step (C7). Every
// load in flight is overtaken (C15).
func (c *Cache[K, V]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = make(map[K]*list.Element)
	c.order = list.New()
	c.flights = make(map[K]*flight[V])
	c.hits, c.misses, c.evictions = 0, 0, 0
}

// lookup finds a key and counts a hit or a miss. The caller holds c.mu.
func (c *Cache[K, V]) lookup(key K) (V, bool) {
	element, ok := c.entries[key]
	if !ok {
		c.misses++
		var zero V
		return zero, false
	}
	c.hits++
	return element.Value.(*entry[K, V]).value, true
}

// store inserts or replaces a value. The caller holds c.mu.
func (c *Cache[K, V]) store(key K, value V) {
	if element, ok := c.entries[key]; ok {
		element.Value.(*entry[K, V]).value = value
		return
	}
	if len(c.entries) == c.capacity {
		oldest := c.order.Front()
		c.order.Remove(oldest)
		delete(c.entries, oldest.Value.(*entry[K, V]).key)
		c.evictions++
	}
	c.entries[key] = c.order.PushBack(&entry[K, V]{key: key, value: value})
}

// land ends a flight. Unless it was overtaken, a value that was loaded without
// error is stored in the same step (C12, C13, C15).
func (c *Cache[K, V]) land(key K, f *flight[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flights[key] == f {
		delete(c.flights, key)
		if f.err == nil {
			c.store(key, f.value)
		}
	}
	close(f.done)
}
