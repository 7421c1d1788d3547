// Package cache is a bounded first-in-first-out cache with hit and miss
// statistics. Numbers such as C3 name the sentences of docs/contract.md.
//
// Keys are spread over shards, each with a lock of its own, so that lookups of
// different keys do not meet. The capacity and the order of eviction are those
// of the whole cache and exact: whoever changes which keys are present holds
// the lock of the order too, and with it the locks of all shards that change.
// Every step is therefore two-phase (it takes all its locks before it releases
// any), which makes it atomic towards every other; P. A. Bernstein et al.,
// Concurrency Control and Recovery in Database Systems, 1987, chapter 3.
package cache

import (
	"errors"
	"hash/maphash"
	"runtime"
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
//
// The order of locks is mu, then shards by their index.
type Cache[K comparable, V any] struct {
	capacity int
	seed     maphash.Seed
	shards   []shard[K, V] // a power of two of them

	mu sync.Mutex // held by whoever adds or removes an entry

	// The fields below are guarded by mu.
	oldest, newest *entry[K, V] // the ends of the list of entries
	length         int
	evictions      uint64
}

// shard holds the keys of one part of the hash space.
type shard[K comparable, V any] struct {
	mu sync.Mutex

	// The fields below are guarded by mu; entries changes only while Cache.mu
	// is held too.
	entries      map[K]*entry[K, V]
	flights      map[K]*flight[V] // loads that may still store their value
	hits, misses uint64

	_ [128 - 40]byte // keeps the locks of neighbours out of each other's cache line
}

// entry is a key, its value and its place in the order of insertion. The value
// is guarded by the lock of its shard, everything else by Cache.mu.
type entry[K comparable, V any] struct {
	key          K
	value        V
	home         int // the index of its shard
	older, newer *entry[K, V]
}

// flight is one call of a load function. Its result is written before ended is
// done, and read by others only after.
type flight[V any] struct {
	ended sync.WaitGroup
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

// maxShards bounds what Stats and Clear have to lock.
const maxShards = 64

// New returns an empty cache. It panics if capacity < 1 (C1).
func New[K comparable, V any](capacity int) *Cache[K, V] {
	if capacity < 1 {
		panic("cache: capacity must be at least 1")
	}
	// Four times as many shards as goroutines can run at once let most lookups
	// pass each other.
	shards := 1
	for shards < min(4*runtime.NumCPU(), capacity, maxShards) {
		shards *= 2
	}
	c := &Cache[K, V]{
		capacity: capacity,
		seed:     maphash.MakeSeed(),
		shards:   make([]shard[K, V], shards),
	}
	for i := range c.shards {
		c.shards[i].entries = make(map[K]*entry[K, V])
		c.shards[i].flights = make(map[K]*flight[V])
	}
	return c
}

// Get looks up a key and counts one hit or one miss, in one step (C2).
func (c *Cache[K, V]) Get(key K) (V, bool) {
	s := &c.shards[c.home(key)]
	s.mu.Lock()
	value, ok := s.lookup(key)
	s.mu.Unlock()
	return value, ok
}

// Put stores a value. A new key may evict the oldest entry (C3); a present one
// keeps its age (C4). A load of the key that is in flight is overtaken (C15).
func (c *Cache[K, V]) Put(key K, value V) {
	home := c.home(key)
	if c.shards[home].replace(key, value) {
		return // the order is as it was
	}
	c.store(home, key, value, nil)
}

// GetOrLoad returns the value of a key, loading it if it is absent (C10). Of
// the callers that miss one key, the first runs load, with no lock held, and
// the others wait for what it returns (C11).
func (c *Cache[K, V]) GetOrLoad(key K, load func(K) (V, error)) (V, error) {
	home := c.home(key)
	s := &c.shards[home]
	s.mu.Lock()
	if value, ok := s.lookup(key); ok {
		s.mu.Unlock()
		return value, nil
	}
	if f, ok := s.flights[key]; ok {
		s.mu.Unlock()
		f.ended.Wait()
		return f.value, f.err
	}
	f := &flight[V]{err: ErrLoadPanicked}
	f.ended.Add(1)
	s.flights[key] = f
	s.mu.Unlock()

	// A panic of load is not recovered but passes through, after land (C14).
	defer c.land(home, key, f)
	f.value, f.err = load(key)
	return f.value, f.err
}

// Delete removes a key and reports whether it was present (C6). A load of the
// key that is in flight is overtaken (C15).
func (c *Cache[K, V]) Delete(key K) bool {
	s := &c.shards[c.home(key)]
	c.mu.Lock()
	defer c.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.flights, key)
	e, ok := s.entries[key]
	if ok {
		delete(s.entries, key)
		c.unlink(e)
		c.length--
	}
	return ok
}

// Len returns the number of entries, never more than the capacity (C5).
func (c *Cache[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.length
}

// Stats returns a snapshot (C8).
func (c *Cache[K, V]) Stats() Stats {
	c.lockAll()
	defer c.unlockAll()
	stats := Stats{Evictions: c.evictions, Len: c.length, Capacity: c.capacity}
	for i := range c.shards {
		stats.Hits += c.shards[i].hits
		stats.Misses += c.shards[i].misses
	}
	return stats
}

// Clear removes every entry and zeroes the statistics, in one step (C7). Every
// load in flight is overtaken (C15).
func (c *Cache[K, V]) Clear() {
	c.lockAll()
	defer c.unlockAll()
	for i := range c.shards {
		s := &c.shards[i]
		s.entries = make(map[K]*entry[K, V])
		s.flights = make(map[K]*flight[V])
		s.hits, s.misses = 0, 0
	}
	c.oldest, c.newest, c.length, c.evictions = nil, nil, 0, 0
}

// home returns the index of the shard that a key belongs to.
func (c *Cache[K, V]) home(key K) int {
	hash := maphash.Comparable(c.seed, key)
	return int(hash & uint64(len(c.shards)-1))
}

// lookup finds a key and counts a hit or a miss. The caller holds s.mu.
func (s *shard[K, V]) lookup(key K) (V, bool) {
	e, ok := s.entries[key]
	if !ok {
		s.misses++
		var zero V
		return zero, false
	}
	s.hits++
	return e.value, true
}

// replace stores the value of a key if that is present, and reports whether it
// was; a load of the key is overtaken then (C15).
func (s *shard[K, V]) replace(key K, value V) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.entries[key]
	if ok {
		delete(s.flights, key)
		e.value = value
	}
	return ok
}

// store inserts or replaces a value (C3, C4) and ends the flights of its key, in
// one step. If the value comes from a flight and that was overtaken, it does
// nothing (C12, C15).
func (c *Cache[K, V]) store(home int, key K, value V, from *flight[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()

	// Whether the oldest entry has to go is known only with its shard locked,
	// and locks are taken by index: so its shard is locked in any case.
	full := c.length == c.capacity
	if full && c.oldest.home < home {
		v := &c.shards[c.oldest.home]
		v.mu.Lock()
		defer v.mu.Unlock()
	}
	s := &c.shards[home]
	s.mu.Lock()
	defer s.mu.Unlock()
	if full && c.oldest.home > home {
		v := &c.shards[c.oldest.home]
		v.mu.Lock()
		defer v.mu.Unlock()
	}

	if from != nil && s.flights[key] != from {
		return
	}
	delete(s.flights, key)
	if e, ok := s.entries[key]; ok { // Put by another since replace
		e.value = value
		return
	}
	var e *entry[K, V]
	if full {
		e = c.oldest // its memory serves the new entry
		delete(c.shards[e.home].entries, e.key)
		c.unlink(e)
		c.evictions++
	} else {
		e = new(entry[K, V])
		c.length++
	}
	e.key, e.value, e.home = key, value, home
	c.append(e)
	s.entries[key] = e
}

// land ends a flight. Unless it was overtaken, a value that was loaded without
// error is stored in the same step (C12, C13, C15).
func (c *Cache[K, V]) land(home int, key K, f *flight[V]) {
	defer f.ended.Done()
	if f.err == nil {
		c.store(home, key, f.value, f)
		return
	}
	s := &c.shards[home]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flights[key] == f {
		delete(s.flights, key)
	}
}

// append makes an entry the newest. The caller holds c.mu.
func (c *Cache[K, V]) append(e *entry[K, V]) {
	e.older, e.newer = c.newest, nil
	if e.older == nil {
		c.oldest = e
	} else {
		e.older.newer = e
	}
	c.newest = e
}

// unlink takes an entry out of the order. The caller holds c.mu.
func (c *Cache[K, V]) unlink(e *entry[K, V]) {
	if e.older == nil {
		c.oldest = e.newer
	} else {
		e.older.newer = e.newer
	}
	if e.newer == nil {
		c.newest = e.older
	} else {
		e.newer.older = e.older
	}
}

// lockAll takes every lock, so that nothing can change.
func (c *Cache[K, V]) lockAll() {
	c.mu.Lock()
	for i := range c.shards {
		c.shards[i].mu.Lock()
	}
}

// unlockAll releases what lockAll took.
func (c *Cache[K, V]) unlockAll() {
	for i := range c.shards {
		c.shards[i].mu.Unlock()
	}
	c.mu.Unlock()
}
