package forcache

import "racebench/internal/scenarios/harness"

// Cache is what the scenarios see of a cache that is judged. Package direct
// makes those of the candidate; nothing else has to be compiled with it.
type Cache[K comparable, V any] interface {
	Get(key K) (V, bool)
	Put(key K, value V)
	GetOrLoad(key K, load func(K) (V, error)) (V, error)
	Delete(key K) bool
	Len() int
	Clear()
	Stats() Stats
	// Rated is Stats with the hit rate that the statistics themselves say.
	Rated() (Stats, float64)
	// Reachable returns a function that says whether anybody can still reach the
	// cache. The function itself does not keep it alive.
	Reachable() func() bool
}

// Stats are the fields of a cache's statistics.
type Stats struct {
	Hits, Misses, Evictions uint64
	Len, Capacity           int
}

// newCache makes a cache of the candidate's.
func newCache[K comparable, V any](capacity int) Cache[K, V] {
	return harness.NewSubject[Cache[K, V]](capacity)
}
