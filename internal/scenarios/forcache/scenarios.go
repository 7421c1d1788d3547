// Package forcache holds what is asked of a cache: scenarios, the gate, probes for
// over-locking, and the work by which performance is measured.
package forcache

import "racebench/internal/scenarios/harness"

// Scenarios returns those of the cache, in the order in which they run.
func Scenarios() []harness.Scenario {
	return []harness.Scenario{
		{
			Name: "cache/accounting", Component: harness.Cache, Run: cacheAccounting,
			Doc: "Goroutines use every method but Clear at once. Hits and misses are exactly the lookups, every value belongs " +
				"to its key, and what is counted can be got.",
			Contract: []string{"G1", "C2", "C5", "C6", "C8", "C10"},
		},
		{
			Name: "cache/private-keys", Component: harness.Cache, Run: cachePrivateKeys,
			Doc: "Every goroutine uses keys of its own in a cache with room for all, and must see exactly what it did; " +
				"the counts are the sums.",
			Contract: []string{"G1", "C2", "C6", "C9", "C10", "C12"},
		},
		{
			Name: "cache/capacity", Component: harness.Cache, Run: cacheCapacity,
			Doc: "Goroutines put new keys only. The capacity is never exceeded, a full cache stays full, evictions are exact, " +
				"and of each goroutine's keys the last ones are left.",
			Contract: []string{"C3", "C5", "C8"},
		},
		{
			Name: "cache/replace", Component: harness.Cache, Run: cacheReplace,
			Doc: "Goroutines replace the values of a full cache. No key is ever missing, nothing is evicted, and the order of " +
				"eviction stays that of the first insertion.",
			Contract: []string{"C3", "C4"},
		},
		{
			Name: "cache/same-key", Component: harness.Cache, Run: cacheSameKey,
			Doc: "Goroutines put, and sometimes delete, one new key at the same moment. One entry is left, or none, and " +
				"later evictions are exact.",
			Contract: []string{"C3", "C4", "C5", "C6"},
		},
		{
			Name: "cache/evict-insert", Component: harness.Cache, Run: cacheEvictInsert,
			Doc:      "One new key pushes out the oldest while others look at both. There is no moment at which neither, or both, are there.",
			Contract: []string{"C3", "C9", "C12"},
		},
		{
			Name: "cache/eviction-order", Component: harness.Cache, Run: cacheEvictionOrder,
			Doc: "Goroutines put a new key each and then look for those of the others. Which keys were missing shows what came first, " +
				"and the first is evicted first.",
			Contract: []string{"C3", "C4", "G1"},
		},
		{
			Name: "cache/delete-once", Component: harness.Cache, Run: cacheExactDelete,
			Doc:      "Goroutines delete the same keys. Each key is reported present exactly once, and nothing counts as an eviction.",
			Contract: []string{"C6", "C9"},
		},
		{
			Name: "cache/leave-once", Component: harness.Cache, Run: cacheLeaving,
			Doc:      "Goroutines delete the keys that others push out by new ones. Every entry leaves once: deleted, or evicted, and never both.",
			Contract: []string{"C3", "C6", "C9"},
		},
		{
			Name: "cache/churn", Component: harness.Cache, Run: cacheChurn,
			Doc: "Goroutines put thousands of keys of their own and delete most of them, in a cache that has room for all that are present. " +
				"Nothing is evicted, no key is gone early, and those that are left are evicted in their turn.",
			Contract: []string{"C3", "C5", "C6", "C9"},
		},
		{
			Name: "cache/clear", Component: harness.Cache, Run: cacheClear,
			Doc: "One goroutine clears while others put, look up and take snapshots. No snapshot shows a Clear half done, and " +
				"a cleared cache is like a new one.",
			Contract: []string{"C5", "C7", "C8"},
		},
		{
			Name: "cache/clear-lookups", Component: harness.Cache, Run: cacheClearLookups,
			Doc: "One Clear meets lookups of present keys. Hits came before it and are zeroed, misses came after it and are counted: " +
				"the statistics are exact. Who missed one key misses every other.",
			Contract: []string{"C2", "C7", "C9"},
		},
		{
			Name: "cache/in-step", Component: harness.Cache, Run: cacheInStep,
			Doc: "Lookups of one key meet the step that puts, deletes or evicts it. Who came before it shows in what was found, and is counted in " +
				"the statistics after it.",
			Contract: []string{"C2", "C9", "C10"},
		},
		{
			Name: "cache/snapshot", Component: harness.Cache, Run: cacheSnapshot,
			Doc:      "Goroutines hit and miss in turns, so hits and misses may never be far apart in a snapshot.",
			Contract: []string{"C2", "C8"},
		},
		{
			Name: "cache/single-flight", Component: harness.Cache, Run: cacheSingleFlight,
			Doc: "A load is held open while others ask for its key. Each is a miss, none loads, all get the one result, and " +
				"the value is there afterwards and not before.",
			Contract: []string{"C10", "C11", "C12"},
		},
		{
			Name: "cache/one-load", Component: harness.Cache, Run: cacheOneLoad,
			Doc:      "Goroutines ask for a new key at the same moment. Exactly one loads it, and all get its value.",
			Contract: []string{"C10", "C11", "C12"},
		},
		{
			Name: "cache/landing", Component: harness.Cache, Run: cacheLanding,
			Doc:      "A Delete, Put or Clear meets the very end of a load. Whichever comes first, the loaded value is not there afterwards.",
			Contract: []string{"C9", "C12", "C15"},
		},
		{
			Name: "cache/landing-evicted", Component: harness.Cache, Run: cacheLandingEvicted,
			Doc: "In a cache with room for one entry, a Put of another key meets the very end of a load, and then the key is asked for again. " +
				"A load ends with the storing of its value, so what is returned is there.",
			Contract: []string{"C9", "C11", "C12"},
		},
		{
			Name: "cache/overtaking", Component: harness.Cache, Run: cacheOvertaking,
			Doc: "While a load is held open a Delete, Put or Clear overtakes it, and somebody asks for the key. Who asks comes before it and shares " +
				"the load, or after it and finds what it left.",
			Contract: []string{"C6", "C7", "C9", "C11", "C15"},
		},
		{
			Name: "cache/unseen", Component: harness.Cache, Run: cacheUnseen,
			Doc: "A load is overtaken by Delete, Put or Clear, and ends only then, while others look its key up. What it brings is not stored, so " +
				"nobody finds it.",
			Contract: []string{"C9", "C15"},
		},
		{
			Name: "cache/alike-keys", Component: harness.Cache, Run: cacheAlikeKeys,
			Doc: "Loads of keys that are unequal but print alike, and have equal contents behind unequal pointers, are in flight together. " +
				"Each gets what it loaded.",
			Contract: []string{"C9", "C11", "C12", "L2"},
		},
		{
			Name: "cache/slow-load", Component: harness.Cache, Run: cacheSlowLoad,
			Doc: "While one load is held open the cache is used, from outside, from inside the load, and by loads of other " +
				"keys that wait for each other.",
			Contract: []string{"C11", "C12", "L2"},
		},
		{
			Name: "cache/load-error", Component: harness.Cache, Run: cacheLoadFails(nil),
			Doc:      "A load returns an error while others wait for it. All get the same error, nothing is stored, the next caller loads.",
			Contract: []string{"C11", "C13"},
		},
		{
			Name: "cache/load-panic", Component: harness.Cache, Run: cacheLoadFails(bang{"load"}),
			Doc: "A load panics while others wait for it. Its caller panics with the same value, the others get an error, " +
				"nothing is stored, the next caller loads.",
			Contract: []string{"C11", "C14"},
		},
		{
			Name: "cache/loads-together", Component: harness.Cache, Run: cacheTogether,
			Doc: "Loads of different keys, with callers waiting for each, end at the same moment: one with a value, one with an error, one with a " +
				"panic. Each caller gets what its own load came to.",
			Contract: []string{"C11", "C13", "C14"},
		},
		{
			Name: "cache/stale-fill", Component: harness.Cache, Run: cacheStaleFill,
			Doc: "A load in flight is overtaken by Delete, Put or Clear, from outside or from inside itself; a new load begins; " +
				"they end in either order. The old value goes to those who waited for it, and nowhere else.",
			Contract: []string{"C9", "C11", "C14", "C15"},
		},
		{
			Name: "cache/interplay", Component: harness.Cache, Run: cacheInterplay,
			Doc: "Several loads are in flight, overtaken ones among them, others wait for them, and one step comes after the other: every answer " +
				"and all statistics are exact, whatever the types of keys and values, and however loads fail.",
			Contract: []string{"C2", "C3", "C4", "C5", "C6", "C7", "C8", "C10", "C11", "C12", "C13", "C14", "C15"},
		},
		{
			Name: "cache/linearizable", Component: harness.Cache, Run: cacheHistories(false),
			Doc:      "Small histories of every method but GetOrLoad, for the linearizability check.",
			Contract: []string{"G1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9"},
		},
		{
			Name: "cache/linearizable-loads", Component: harness.Cache, Run: cacheHistories(true),
			Doc:      "Small histories with GetOrLoad and what overtakes it, for the linearizability check.",
			Contract: []string{"C9", "C10", "C11", "C12", "C13", "C15"},
		},
		{
			Name: "cache/encounters", Component: harness.Cache, Run: cacheEncounters,
			Doc: "Two or three calls meet in a cache that is full, or nearly. What it held before is known, and all that it holds afterwards is " +
				"looked at, for the linearizability check.",
			Contract: []string{"C2", "C3", "C4", "C6", "C7", "C8", "C9", "C10", "C12", "C15"},
		},
		{
			Name: "cache/memory", Component: harness.Cache, Run: cacheMemory, Stress: true,
			Doc: "Far more keys pass through than the cache holds; what it no longer holds must be free to be collected, and so must " +
				"a cache that nobody uses.",
			Contract: []string{"G4"},
		},
	}
}
