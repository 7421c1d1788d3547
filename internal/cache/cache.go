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

	// The fields below are guarded by mu; which entries there are changes only
	// while Cache.mu is held too.
	entries      table[K, V]
	flights      map[K]*flight[V] // loads that may still store their value; nil for none
	hits, misses uint64

	_ [64]byte // keeps the locks of neighbours out of each other's cache lines
}

// entry is a key, its value, and its places in the table of its shard and in the
// order of insertion.
type entry[K comparable, V any] struct {
	hash uint64 // of key; these two change only while both locks are held
	key  K

	// Guarded by the lock of the shard.
	value   V
	chained *entry[K, V] // the next one in its bucket

	// Guarded by Cache.mu.
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
	return &Cache[K, V]{
		capacity: capacity,
		seed:     maphash.MakeSeed(),
		shards:   make([]shard[K, V], shards),
	}
}

// Get looks up a key and counts one hit or one miss, in one step (C2).
func (c *Cache[K, V]) Get(key K) (V, bool) {
	hash := maphash.Comparable(c.seed, key)
	s := c.shard(hash)
	s.mu.Lock()
	value, ok := s.lookup(hash, key)
	s.mu.Unlock()
	return value, ok
}

// Put stores a value. A new key may evict the oldest entry (C3); a present one
// keeps its age (C4). A load of the key that is in flight is overtaken (C15).
func (c *Cache[K, V]) Put(key K, value V) {
	hash := maphash.Comparable(c.seed, key)
	if c.shard(hash).replace(hash, key, value) {
		return // the order is as it was
	}
	c.store(hash, key, value, nil)
}

// GetOrLoad returns the value of a key, loading it if it is absent (C10). Of
// the callers that miss one key, the first runs load, with no lock held, and
// the others wait for what it returns (C11).
func (c *Cache[K, V]) GetOrLoad(key K, load func(K) (V, error)) (V, error) {
	hash := maphash.Comparable(c.seed, key)
	s := c.shard(hash)
	s.mu.Lock()
	if value, ok := s.lookup(hash, key); ok {
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
	if s.flights == nil {
		s.flights = make(map[K]*flight[V])
	}
	s.flights[key] = f
	s.mu.Unlock()

	// A panic of load is not recovered but passes through, after land (C14).
	defer c.land(hash, key, f)
	f.value, f.err = load(key)
	return f.value, f.err
}

// Delete removes a key and reports whether it was present (C6). A load of the
// key that is in flight is overtaken (C15).
func (c *Cache[K, V]) Delete(key K) bool {
	hash := maphash.Comparable(c.seed, key)
	s := c.shard(hash)
	c.mu.Lock()
	defer c.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.flights, key)
	e := s.entries.find(hash, key)
	if e == nil {
		return false
	}
	s.entries.remove(e)
	c.unlink(e)
	c.length--
	return true
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
		s.entries = table[K, V]{}
		s.flights = nil
		s.hits, s.misses = 0, 0
	}
	c.oldest, c.newest, c.length, c.evictions = nil, nil, 0, 0
}

// index returns the index of the shard for keys of a hash.
func (c *Cache[K, V]) index(hash uint64) int {
	return int(hash & uint64(len(c.shards)-1))
}

// shard returns the shard for keys of a hash.
func (c *Cache[K, V]) shard(hash uint64) *shard[K, V] {
	return &c.shards[c.index(hash)]
}

// lookup finds a key and counts a hit or a miss. The caller holds s.mu.
func (s *shard[K, V]) lookup(hash uint64, key K) (V, bool) {
	e := s.entries.find(hash, key)
	if e == nil {
		s.misses++
		var zero V
		return zero, false
	}
	s.hits++
	return e.value, true
}

// replace stores the value of a key if that is present, and reports whether it
// was; no load of a present key can be in flight (C15).
func (s *shard[K, V]) replace(hash uint64, key K, value V) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries.find(hash, key)
	if e == nil {
		return false
	}
	e.value = value
	return true
}

// store inserts or replaces a value (C3, C4) and ends the flights of its key, in
// one step. If the value comes from a flight and that was overtaken, it does
// nothing (C12, C15).
func (c *Cache[K, V]) store(hash uint64, key K, value V, from *flight[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()

	// Locks are taken by index. Whether the oldest entry has to go is known only
	// with the key's shard locked; so the shard of a full cache's oldest entry is
	// locked in any case.
	s := c.shard(hash)
	full := c.length == c.capacity
	if full && c.index(c.oldest.hash) < c.index(hash) {
		v := c.shard(c.oldest.hash)
		v.mu.Lock()
		defer v.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if full && c.index(c.oldest.hash) > c.index(hash) {
		v := c.shard(c.oldest.hash)
		v.mu.Lock()
		defer v.mu.Unlock()
	}

	if from != nil && s.flights[key] != from {
		return
	}
	delete(s.flights, key)
	if e := s.entries.find(hash, key); e != nil { // put by another since replace
		e.value = value
		return
	}
	var e *entry[K, V]
	if full {
		e = c.oldest // its memory serves the new entry
		c.shard(e.hash).entries.remove(e)
		c.unlink(e)
		c.evictions++
	} else {
		e = new(entry[K, V])
		c.length++
	}
	e.hash, e.key, e.value = hash, key, value
	c.append(e)
	s.entries.insert(e)
}

// land ends a flight. Unless it was overtaken, a value that was loaded without
// error is stored in the same step (C12, C13, C15).
func (c *Cache[K, V]) land(hash uint64, key K, f *flight[V]) {
	defer f.ended.Done()
	if f.err == nil {
		c.store(hash, key, f.value, f)
		return
	}
	s := c.shard(hash)
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
