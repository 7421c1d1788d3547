// Package direct is what of the cache's scenarios has to be compiled with every
// candidate: how its caches are made, and the work by which their speed is
// measured, which calls them without anything between.
package direct

import (
	"fmt"
	"math/rand/v2"

	"racebench/internal/cache"
	"racebench/internal/protocol"
	"racebench/internal/scenarios/harness"
)

// Workloads returns what the performance of a cache is measured by.
func Workloads() []harness.Workload {
	return []harness.Workload{
		{Name: "cache/one-caller", Component: harness.Cache, Goroutines: 1, Prepare: cacheWork(70, 25, 512, harness.Shared)},
		{Name: "cache/contended", Component: harness.Cache, Goroutines: harness.Callers, Prepare: cacheWork(50, 45, 4, harness.Shared)},
		{Name: "cache/read-heavy", Component: harness.Cache, Goroutines: harness.Callers, Prepare: cacheWork(90, 5, 256, harness.Shared)},
		{Name: "cache/write-heavy", Component: harness.Cache, Goroutines: harness.Callers, Prepare: cacheWork(20, 70, 1024, harness.Shared)},
		{Name: "cache/instances", Component: harness.Cache, Goroutines: harness.Callers, Prepare: cacheWork(70, 25, 512, harness.Apart)},
	}
}

// cacheWork looks up, puts, and otherwise loads, by percentages, over a number
// of keys. The cache holds 256.
func cacheWork(gets, puts, keys int, apart bool) func(int, int) harness.Work {
	return func(goroutines, _ int) harness.Work {
		of, all := harness.Instances(goroutines, apart, func() *cache.Cache[int, int] { return cache.New[int, int](256) })
		load := func(key int) (int, error) { return key, nil }
		operation := func(g, _ int, rng *rand.Rand) {
			c, key := of(g), rng.IntN(keys)
			switch n := rng.IntN(100); {
			case n < gets:
				c.Get(key)
			case n < gets+puts:
				c.Put(key, key)
			default:
				if _, err := c.GetOrLoad(key, load); err != nil {
					panic(fmt.Sprintf("a load without an error led to %v", err))
				}
			}
		}
		check := func(each func(func(int, int, *rand.Rand))) *protocol.Violation {
			lookups := map[*cache.Cache[int, int]]uint64{}
			each(func(g, _ int, rng *rand.Rand) {
				_ = rng.IntN(keys)
				if n := rng.IntN(100); n < gets || n >= gets+puts {
					lookups[of(g)]++
				}
			})
			for _, c := range all {
				s := c.Stats()
				want, got := lookups[c], s.Hits+s.Misses
				if v := harness.Differs("C2", "hits and misses are not the lookups", want, got, got < want); v != nil {
					return v
				}
				if s.Len > s.Capacity {
					return harness.Differs("C5", "entries after the work", s.Capacity, s.Len, false)
				}
			}
			return nil
		}
		return harness.Work{Operation: operation, End: func() {}, Check: check}
	}
}
