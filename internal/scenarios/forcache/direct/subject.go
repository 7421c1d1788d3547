package direct

import (
	"racebench/internal/cache"
	"racebench/internal/scenarios/forcache"
	"racebench/internal/scenarios/harness"
)

// init registers every kind of cache that a scenario uses. Each costs a
// candidate the time in which its methods are compiled once more.
func init() {
	harness.Register(newCache[int, int])
	harness.Register(newCache[int64, int64])
	harness.Register(newCache[int, forcache.Tagged])
	harness.Register(newCache[any, any])
	harness.Register(newCache[string, error])
	harness.Register(newCache[float64, []int])
	harness.Register(newCache[*int, struct{}])
	harness.Register(newCache[*harness.Boulder, *harness.Boulder])
}

// subject is a candidate's cache as the scenarios see it. Its methods have pointer
// receivers because the compiler adds wrappers to those of values. The cache is no
// embedded field: the wrappers that the compiler makes of promoted methods, and
// those of the candidate's generic ones, would be frames in race reports. Those of
// this file are left out by its name (internal/runner/place).
type subject[K comparable, V any] struct{ of *cache.Cache[K, V] }

func newCache[K comparable, V any](capacity int) forcache.Cache[K, V] {
	return &subject[K, V]{cache.New[K, V](capacity)}
}

func (s *subject[K, V]) Get(key K) (V, bool)    { return s.of.Get(key) }
func (s *subject[K, V]) Put(key K, value V)     { s.of.Put(key, value) }
func (s *subject[K, V]) Delete(key K) bool      { return s.of.Delete(key) }
func (s *subject[K, V]) Len() int               { return s.of.Len() }
func (s *subject[K, V]) Clear()                 { s.of.Clear() }
func (s *subject[K, V]) Stats() forcache.Stats  { return fields(s.of.Stats()) }
func (s *subject[K, V]) Reachable() func() bool { return harness.Reachable(s.of) }

func (s *subject[K, V]) GetOrLoad(key K, load func(K) (V, error)) (V, error) {
	return s.of.GetOrLoad(key, load)
}

func (s *subject[K, V]) Rated() (forcache.Stats, float64) {
	now := s.of.Stats()
	return fields(now), now.HitRate()
}

func fields(s cache.Stats) forcache.Stats {
	return forcache.Stats{Hits: s.Hits, Misses: s.Misses, Evictions: s.Evictions, Len: s.Len, Capacity: s.Capacity}
}
