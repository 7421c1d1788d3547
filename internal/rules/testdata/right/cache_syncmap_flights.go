// cache syncmap-flights: the flights are in a sync.Map, which is used with the lock held, for the sake of LoadOrStore and CompareAndDelete; the panic of a load is caught and goes on.
package cache

import (
	"fmt"
	"sync"
)

// Stats is one consistent view of a cache.
type Stats struct {
	Hits, Misses, Evictions uint64
	Len, Capacity           int
}

// HitRate is Hits/(Hits+Misses), 0 when both are 0.
func (s Stats) HitRate() float64 {
	lookups := float64(s.Hits + s.Misses)
	if lookups == 0 {
		return 0
	}
	return float64(s.Hits) / lookups
}

// PanicError is the error of those who waited for a load that panicked.
type PanicError struct{ Value any }

func (e *PanicError) Error() string { return fmt.Sprint("cache: load panicked: ", e.Value) }

// Cache is a bounded FIFO cache.
type Cache[K comparable, V any] struct {
	mu      sync.Mutex
	entries map[K]*entry[K, V]
	queue   queue[K, V]
	flights sync.Map // K to *flight[V]
	stats   Stats
}

type entry[K comparable, V any] struct {
	key    K
	value  V
	before *entry[K, V]
	after  *entry[K, V]
}

// queue is a ring of entries; the zero value is empty.
type queue[K comparable, V any] struct{ oldest *entry[K, V] }

func (q *queue[K, V]) push(e *entry[K, V]) {
	if q.oldest == nil {
		e.before, e.after = e, e
		q.oldest = e
		return
	}
	e.before, e.after = q.oldest.before, q.oldest
	e.before.after, e.after.before = e, e
}

func (q *queue[K, V]) remove(e *entry[K, V]) {
	switch {
	case e.after == e:
		q.oldest = nil
	case q.oldest == e:
		q.oldest = e.after
		fallthrough
	default:
		e.before.after, e.after.before = e.after, e.before
	}
}

type flight[V any] struct {
	landed chan struct{}
	value  V
	err    error
}

// New makes a cache for capacity entries. It panics if capacity < 1.
func New[K comparable, V any](capacity int) *Cache[K, V] {
	if capacity < 1 {
		panic("cache: capacity < 1")
	}
	return &Cache[K, V]{entries: make(map[K]*entry[K, V]), stats: Stats{Capacity: capacity}}
}

// Get looks key up and counts a hit or a miss.
func (c *Cache[K, V]) Get(key K) (value V, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[key]
	if found = e != nil; found {
		value = e.value
		c.stats.Hits++
	} else {
		c.stats.Misses++
	}
	return
}

// Put stores value under key, evicting the oldest entry if it must.
func (c *Cache[K, V]) Put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flights.Delete(key)
	c.set(key, value)
}

// GetOrLoad returns the value of key, loading it if it is absent.
func (c *Cache[K, V]) GetOrLoad(key K, load func(K) (V, error)) (V, error) {
	c.mu.Lock()
	if e := c.entries[key]; e != nil {
		defer c.mu.Unlock()
		c.stats.Hits++
		return e.value, nil
	}
	c.stats.Misses++
	own := &flight[V]{landed: make(chan struct{})}
	first, busy := c.flights.LoadOrStore(key, own)
	c.mu.Unlock()
	if busy {
		f := first.(*flight[V])
		<-f.landed
		return f.value, f.err
	}
	defer func() {
		r := recover()
		if r != nil {
			own.err = &PanicError{r}
		}
		c.land(key, own)
		if r != nil {
			panic(r)
		}
	}()
	own.value, own.err = load(key)
	return own.value, own.err
}

// land lets the waiters go, after what they wait for has been stored.
func (c *Cache[K, V]) land(key K, f *flight[V]) {
	defer close(f.landed)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flights.CompareAndDelete(key, f) && f.err == nil {
		c.set(key, f.value)
	}
}

// Delete removes key and reports whether it was present.
func (c *Cache[K, V]) Delete(key K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flights.Delete(key)
	e := c.entries[key]
	if e == nil {
		return false
	}
	delete(c.entries, key)
	c.queue.remove(e)
	c.stats.Len--
	return true
}

// Len is the number of entries.
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats.Len
}

// Stats is a snapshot.
func (c *Cache[K, V]) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Clear removes every entry and zeroes the statistics.
func (c *Cache[K, V]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flights.Clear()
	c.entries = make(map[K]*entry[K, V])
	c.queue = queue[K, V]{}
	c.stats = Stats{Capacity: c.stats.Capacity}
}

// set is called with the lock held.
func (c *Cache[K, V]) set(key K, value V) {
	e := c.entries[key]
	if e != nil {
		e.value = value
		return
	}
	if c.stats.Len == c.stats.Capacity {
		oldest := c.queue.oldest
		c.queue.remove(oldest)
		delete(c.entries, oldest.key)
		c.stats.Evictions++
	} else {
		c.stats.Len++
	}
	e = &entry[K, V]{key: key, value: value}
	c.queue.push(e)
	c.entries[key] = e
}
