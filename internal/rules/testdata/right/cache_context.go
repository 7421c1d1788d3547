// cache context: a load in flight is a context, which is cancelled when it has landed; an RWMutex, of which lookups take the write side, because they count; three files.
package cache

import (
	"container/list"
	"context"
	"errors"
	"sync"
)

type pair[K comparable, V any] struct {
	key   K
	value V
}

// Cache is a FIFO cache of limited size.
type Cache[K comparable, V any] struct {
	limit int

	mu      sync.RWMutex
	byKey   map[K]*list.Element
	byAge   list.List // of *pair[K, V], the oldest in front
	flights map[K]*flight[V]
	counts  struct{ hits, misses, evictions uint64 }
}

// New makes a cache.
func New[K comparable, V any](capacity int) *Cache[K, V] {
	if capacity < 1 {
		panic("cache: capacity must be positive")
	}
	return &Cache[K, V]{
		limit:   capacity,
		byKey:   make(map[K]*list.Element),
		flights: make(map[K]*flight[V]),
	}
}

// Get looks up.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	c.mu.Lock() // it counts
	defer c.mu.Unlock()
	return c.look(key)
}

// Put stores.
func (c *Cache[K, V]) Put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, key)
	c.keep(key, value)
}

// GetOrLoad looks up, and loads if it must.
func (c *Cache[K, V]) GetOrLoad(key K, load func(K) (V, error)) (V, error) {
	value, ok, f, first := c.arrive(key)
	switch {
	case ok:
		return value, nil
	case !first:
		return f.await()
	}
	defer f.land()
	defer c.arrived(key, f)
	f.value, f.err = load(key)
	return f.value, f.err
}

// arrive is the first step of GetOrLoad: it looks up, and on a miss finds the flight
// or begins one.
func (c *Cache[K, V]) arrive(key K) (value V, ok bool, f *flight[V], first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if value, ok = c.look(key); ok {
		return value, true, nil, false
	}
	f, busy := c.flights[key]
	if !busy {
		f = depart[V]()
		c.flights[key] = f
	}
	return value, false, f, !busy
}

// arrived is the second step.
func (c *Cache[K, V]) arrived(key K, f *flight[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flights[key] != f {
		return // overtaken
	}
	delete(c.flights, key)
	if f.err == nil {
		c.keep(key, f.value)
	}
}

// Delete removes.
func (c *Cache[K, V]) Delete(key K) (present bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, key)
	if e := c.byKey[key]; e != nil {
		c.drop(e)
		present = true
	}
	return present
}

// Len counts the entries.
func (c *Cache[K, V]) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.byKey)
}

// Stats is a snapshot.
func (c *Cache[K, V]) Stats() Stats {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return Stats{c.counts.hits, c.counts.misses, c.counts.evictions, len(c.byKey), c.limit}
}

// Clear makes the cache as good as new.
func (c *Cache[K, V]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byKey = make(map[K]*list.Element)
	c.byAge.Init()
	c.flights = make(map[K]*flight[V])
	c.counts.hits, c.counts.misses, c.counts.evictions = 0, 0, 0
}

// The rest is called with the lock held for writing.

func (c *Cache[K, V]) look(key K) (value V, ok bool) {
	e, ok := c.byKey[key]
	if ok {
		c.counts.hits++
		value = e.Value.(*pair[K, V]).value
	} else {
		c.counts.misses++
	}
	return value, ok
}

func (c *Cache[K, V]) keep(key K, value V) {
	if e, ok := c.byKey[key]; ok {
		e.Value.(*pair[K, V]).value = value
		return
	}
	if len(c.byKey) >= c.limit {
		c.drop(c.byAge.Front())
		c.counts.evictions++
	}
	c.byKey[key] = c.byAge.PushBack(&pair[K, V]{key, value})
}

func (c *Cache[K, V]) drop(e *list.Element) {
	delete(c.byKey, c.byAge.Remove(e).(*pair[K, V]).key)
}

// Stats is one consistent view of a cache.
type Stats struct {
	Hits      uint64
	Misses    uint64
	Evictions uint64
	Len       int
	Capacity  int
}

// HitRate is the share of lookups that found something.
func (s Stats) HitRate() float64 {
	if lookups := s.Hits + s.Misses; lookups > 0 {
		return float64(s.Hits) / float64(lookups)
	}
	return 0
}

// errAborted is the error of a load that did not return.
var errAborted = errors.New("cache: load did not return")

// flight is a load that is under way. The context is done when it has landed; value
// and err are not to be read before.
type flight[V any] struct {
	context.Context
	land context.CancelFunc

	value V
	err   error
}

func depart[V any]() *flight[V] {
	ctx, cancel := context.WithCancel(context.Background())
	return &flight[V]{Context: ctx, land: cancel, err: errAborted}
}

// await returns what the load came to.
func (f *flight[V]) await() (V, error) {
	<-f.Done()
	return f.value, f.err
}
