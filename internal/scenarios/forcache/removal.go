package forcache

import (
	"racebench/internal/scenarios/harness"
)

// cacheSameKey lets goroutines put, and delete, the same new key at the same
// moment; what is left must be one entry, or none, and no trace of it may spoil
// a later eviction.
func cacheSameKey(t *harness.T) {
	const capacity = 3
	rounds := t.Size(14, 1)
	for range rounds {
		c := newCache[int, Tagged](capacity)
		const key = 7
		withDelete := t.Rand.IntN(2) == 0
		n := t.Clients(2)
		t.Add(n, func(cl *harness.Client) {
			c.Put(key, tag(key))
			cl.Step()
		})
		deleted := make([]bool, 2)
		if withDelete {
			c.Put(key, tag(key))
			for i := range deleted {
				t.Add(1, func(cl *harness.Client) {
					deleted[i] = c.Delete(key)
					cl.Step()
				})
			}
		}
		t.Run()
		if t.GaveUp() {
			return
		}
		_, ok := c.Get(key)
		s := c.Stats()
		if !ok && !withDelete {
			t.Fail("C3", "a key that was put is absent", "present", "absent")
		}
		want := 0
		if ok {
			want = 1
		}
		harness.Equal(t, "C5", "Len is wrong after one key was put by several goroutines", want, s.Len)
		harness.Equal(t, "C3", "a cache with room evicted", 0, s.Evictions)
		// Fill up with new keys: they must evict only what is there.
		for i := range 2 * capacity {
			c.Put(100+i, tag(100+i))
			wantLen := min(capacity, want+i+1)
			s := c.Stats()
			harness.Equal(t, "C3", "new keys after a contended one: entries and evictions",
				[2]int{wantLen, want + i + 1 - wantLen}, [2]int{s.Len, int(s.Evictions)})
		}
		for i := range 2 * capacity {
			v, ok := c.Get(100 + i)
			checkValue(t, 100+i, v, ok)
			harness.Equal(t, "C3", "the youngest keys are not the ones left", i >= capacity, ok)
		}
	}
}

// cacheExactDelete lets goroutines delete the same present keys: each key is
// reported present to exactly one of them.
func cacheExactDelete(t *harness.T) {
	const keys = 6
	for range t.Size(8, 1) {
		c := newCache[int, Tagged](keys)
		for key := range keys {
			c.Put(key, tag(key))
		}
		n := t.Clients(2)
		got := make([][keys]int, n)
		for id := range n {
			t.Add(1, func(cl *harness.Client) {
				for i := range keys {
					key := i
					if cl.Rand.IntN(4) == 0 {
						key = cl.Key(keys)
					}
					if c.Delete(key) {
						got[id][key]++
					}
					cl.Step()
				}
			})
		}
		t.Run()
		s := c.Stats()
		harness.Equal(t, "C6", "Delete counted as an eviction or a lookup", Stats{Len: s.Len, Capacity: keys}, s)
		for key := range keys {
			times := 0
			for id := range n {
				times += got[id][key]
			}
			_, left := c.Get(key)
			if left {
				times++
			}
			harness.Equal(t, "C6", "a key that was put once was not deleted exactly once", 1, times)
		}
	}
}

// cacheClear lets goroutines clear the cache while others put new keys and look
// up absent ones. A snapshot shows a cleared cache or one that was not, nothing
// in between.
func cacheClear(t *harness.T) {
	const capacity = 2
	c := newCache[int, Tagged](capacity)
	each := t.Size(120, 3)
	t.Add(1, func(cl *harness.Client) {
		for i := range each {
			c.Put(i, tag(i))
			cl.Step()
		}
	})
	t.Add(1, func(cl *harness.Client) {
		for range each {
			if cl.Rand.IntN(3) == 0 {
				c.Clear()
			}
			cl.Step()
		}
	})
	t.Add(t.Clients(1), func(cl *harness.Client) {
		for range each {
			s := snapshot(t, c, capacity)
			if s.Evictions > 0 && s.Len < capacity {
				t.Fail("C7", "a snapshot shows a Clear half done: entries gone, evictions still counted",
					"Len == Capacity once Evictions > 0", s)
			}
			if s.Hits != 0 {
				t.Fail("C2", "a hit was counted although absent keys only were looked up", 0, s.Hits)
			}
			cl.Step()
		}
	})
	if !t.Small() {
		t.Add(1, func(cl *harness.Client) {
			for i := range each {
				if v, ok := c.Get(-1 - i); ok {
					t.Fail("C2", "Get found a key that was never put", "absent", v)
				}
				cl.Step()
			}
		})
	}
	t.Run()
	c.Clear()
	harness.Equal(t, "C7", "a cleared cache is not empty", Stats{Capacity: capacity}, c.Stats())
	// The order of the cleared keys is gone, too.
	for i := range 2 * capacity {
		c.Put(1000+i, tag(1000+i))
	}
	s := c.Stats()
	harness.Equal(t, "C7", "after Clear, new keys evict wrongly", [2]int{capacity, capacity}, [2]int{s.Len, int(s.Evictions)})
}

// clearRefilled holds lookups up, while the cache is cleared and as many other keys
// are put as there were: whoever counts what has changed may count as much as before.
func clearRefilled(t *harness.T) {
	const keys, rounds = 4, 12
	for range rounds {
		c := newCache[int, Tagged](2 * keys)
		for key := range keys {
			c.Put(key, tag(key))
		}
		t.FewStragglers()
		misses := make([]int, 2)
		for id := range misses {
			t.Add(1, func(cl *harness.Client) {
				for range 3 {
					key := cl.Rand.IntN(keys)
					v, ok := c.Get(key)
					checkValue(t, key, v, ok)
					if !ok {
						misses[id]++
					}
				}
				cl.Step()
			})
		}
		t.Add(1, func(cl *harness.Client) {
			c.Clear()
			for key := range keys {
				c.Put(keys+key, tag(keys+key))
			}
			cl.Step()
		})
		t.Run()
		harness.Equal(t, "C7", "the statistics after lookups of keys that were cleared, while others were put",
			Stats{Misses: uint64(sum(misses)), Len: keys, Capacity: 2 * keys}, c.Stats())
		if t.GaveUp() {
			return
		}
	}
}

// cacheClearLookups lets one Clear meet lookups of present keys. One that found
// its key came before the Clear, which zeroed its hit; one that did not came
// after, and so did every later one of that client, of whatever key.
func cacheClearLookups(t *harness.T) {
	if !t.Small() && t.Rand.IntN(4) == 0 {
		clearRefilled(t)
	}
	capacity, keys, rounds := t.Capacity(8), t.Size(8, 2), t.Size(14, 1)
	if capacity == harness.LargeCache {
		// Whoever removes entries in pieces needs many.
		keys, rounds = capacity, 3
	}
	for range rounds {
		c := newCache[int, Tagged](capacity)
		hot := !t.Small() && t.Rand.IntN(25) == 0
		t.Quietly(func() {
			for key := range keys {
				c.Put(key, tag(key))
			}
			// Who serves a cache otherwise that is read a lot does so from now on.
			for i := 0; hot && i < 5000; i++ {
				c.Get(i % keys)
			}
		})
		misses := make([]int, t.Clients(2))
		for id := range misses {
			t.Add(1, func(cl *harness.Client) {
				for range t.Size(24, 3) {
					key := cl.Rand.IntN(keys)
					v, ok := c.Get(key)
					checkValue(t, key, v, ok)
					switch {
					case !ok:
						misses[id]++
					case misses[id] > 0:
						t.Fail("C7", "a key was found after another one had been missed, and only a Clear removed keys", "absent", v)
					}
				}
				cl.Step()
			})
		}
		t.Add(1, func(cl *harness.Client) {
			for range cl.Rand.IntN(12) {
				c.Len()
			}
			c.Clear()
			cl.Step()
		})
		t.Run()
		harness.Equal(t, "C7", "the statistics after lookups that met one Clear",
			Stats{Misses: uint64(sum(misses)), Capacity: capacity}, c.Stats())
		if t.GaveUp() {
			return
		}
	}
}
