package forcache

import (
	"fmt"
	"slices"

	"racebench/internal/scenarios/harness"
)

// fullCache makes a cache with room for one to three entries, which are there:
// the keys from 0 on, the oldest first.
func fullCache(t *harness.T) (c Cache[int, Tagged], capacity int) {
	capacity = 1 + t.Rand.IntN(3)
	if !t.Small() && t.Rand.IntN(50) == 0 {
		capacity = harness.LargeCache
	}
	c = newCache[int, Tagged](capacity)
	t.Quietly(func() {
		for key := range capacity {
			c.Put(key, tag(key))
		}
	})
	return c, capacity
}

// cacheCapacity lets several goroutines put new keys only, so that in every
// snapshot the entries and the evictions are the keys put so far, and a cache
// that is full stays full.
func cacheCapacity(t *harness.T) {
	capacity := 1 + t.Rand.IntN(6)
	old := 0
	if !t.Small() && t.Rand.IntN(6) == 0 {
		capacity = harness.LargeCache
		old = capacity
	}
	c := newCache[int, Tagged](capacity)
	t.Quietly(func() {
		for key := range old {
			c.Put(-1-key, tag(-1-key))
		}
	})
	n, each := t.Clients(2), t.Size(150, 3)
	for id := range n {
		t.Add(1, func(cl *harness.Client) {
			for i := range each {
				key := id*each + i
				c.Put(key, tag(key))
				cl.Step()
			}
		})
	}
	// snapshots checks what a single observer sees.
	t.Add(1, func(cl *harness.Client) {
		var last Stats
		for range each {
			s := snapshot(t, c, capacity)
			checkFull(t, s, last)
			last = s
			cl.Step()
		}
	})
	t.Add(1, func(cl *harness.Client) {
		last := 0
		for range each {
			got := c.Len()
			if got > capacity || got < last {
				t.Fail("C5", "Len left the range from what it was to the capacity while new keys were put",
					[2]int{last, capacity}, got)
			}
			last = got
			cl.Step()
		}
	})
	if !t.Small() {
		t.Add(1, func(cl *harness.Client) {
			for range each {
				key := cl.Rand.IntN(n * each)
				v, ok := c.Get(key)
				checkValue(t, key, v, ok)
				cl.Step()
			}
		})
	}
	t.Run()
	s := c.Stats()
	puts := old + n*each
	evicted := max(0, puts-capacity)
	harness.Equal(t, "C3", "the cache is not as full as it can be", min(capacity, puts), s.Len)
	harness.Total(t, "C3", "evictions are not the new keys beyond the capacity", uint64(evicted), s.Evictions)
	// What is left are the youngest keys: of each goroutine's its last ones.
	left := 0
	for id := range n {
		gap := false
		for i := each - 1; i >= 0; i-- {
			_, ok := c.Get(id*each + i)
			if ok && gap {
				t.Fail("C3", "an entry outlived one that the same goroutine put later",
					"the last ones are left", id*each+i)
			}
			gap = gap || !ok
			if ok {
				left++
			}
		}
	}
	harness.Equal(t, "C5", "Len is not the number of keys that can be got", s.Len, left+max(0, old-evicted))
}

// cacheChurn has goroutines put keys of their own and delete most of them, in a cache
// in which so many were deleted already that whoever cleans up now and then may have
// to. There is room for all that is present, so nothing is evicted, and every key is
// there when it is deleted.
func cacheChurn(t *harness.T) {
	const keepOneIn = 4
	for range t.Size(6, 1) {
		n, each := t.Clients(2), t.Size(60, 3)
		capacity := n * (1 + (each+keepOneIn-1)/keepOneIn) // what is kept, and one that comes and goes
		c := newCache[int, Tagged](capacity)
		if !t.Small() {
			deleted := thresholds[t.Rand.IntN(len(thresholds))] - t.Rand.IntN(each)
			t.Quietly(func() {
				for i := range deleted {
					c.Put(-1-i, tag(-1-i))
					c.Delete(-1 - i)
				}
			})
		}
		kept := make([][]int, n)
		for id := range n {
			t.Add(1, func(cl *harness.Client) {
				for i := range each {
					key := id*each + i
					c.Put(key, tag(key))
					if i%keepOneIn == 0 {
						kept[id] = append(kept[id], key)
					} else if !c.Delete(key) {
						t.Fail("C3 C6 C9", "a key is gone before its only user deletes it, and there is room", "Delete returns true", key)
					}
					cl.Step()
				}
			})
		}
		t.Run()
		if t.GaveUp() {
			return
		}
		present := slices.Concat(kept...)
		harness.Equal(t, "C3 C5 C9", "after every key but a few was deleted", Stats{Len: len(present), Capacity: capacity}, c.Stats())
		// Each of those is evicted when as many new ones have come as there is room for.
		for i := range capacity {
			c.Put(-1-i, tag(-1-i))
		}
		harness.Equal(t, "C5 C9", "the entries after more keys than there is room for", capacity, c.Len())
		for _, key := range present {
			if _, ok := c.Get(key); ok {
				t.Fail("C3 C9", "a key outlived as many new ones as the cache has room for", "it was evicted", key)
			}
		}
	}
}

// checkFull checks two snapshots of a cache into which only new keys are put.
func checkFull(t *harness.T, s, last Stats) {
	if s.Evictions > 0 && s.Len < s.Capacity {
		t.Fail("C3", "entries were evicted from a cache that is not full", "Len == Capacity once Evictions > 0", s)
	}
	if s.Evictions < last.Evictions || s.Len < last.Len {
		t.Fail("C8", "a later snapshot has fewer evictions or entries, while new keys were put", last, s)
	}
}

// cacheReplace fills the cache and then puts present keys only.
func cacheReplace(t *harness.T) {
	capacity := 2 + t.Rand.IntN(4)
	c := newCache[int, Tagged](capacity)
	for key := range capacity {
		c.Put(key, Tagged{key, 0})
	}
	n, each := t.Clients(3), t.Size(100, 3)
	for id := range n {
		t.Add(1, func(cl *harness.Client) {
			for i := range each {
				key := cl.Key(capacity)
				switch (id + i) % 3 {
				case 0, 1:
					c.Put(key, Tagged{key, i})
				default:
					if v, ok := c.Get(key); !ok || v.key != key {
						t.Fail("C4", "a present key was missing while it was replaced", found(Tagged{key, 0}, true), found(v, ok))
					}
				}
				cl.Step()
			}
		})
	}
	t.Add(1, func(cl *harness.Client) {
		for range each {
			if s := c.Stats(); s.Len != capacity || s.Evictions != 0 {
				t.Fail("C4", "replacing values changed the entries or evicted", Stats{Len: capacity, Capacity: capacity}, s)
			}
			cl.Step()
		}
	})
	t.Run()
	t.Linger() // no entry leaves because it is old
	// No replacement made a key younger: new keys drive out the old ones in
	// the order of their first insertion.
	for i := range capacity {
		c.Put(capacity+i, Tagged{capacity + i, 0})
		for key := range capacity {
			if _, ok := c.Get(key); ok != (key > i) {
				t.Fail("C4", "after replacements, eviction is not in the order of insertion",
					found(key, key > i), found(key, ok))
				return
			}
		}
	}
	s := c.Stats()
	harness.Equal(t, "C3", "new keys evicted wrongly", [2]int{capacity, capacity}, [2]int{int(s.Evictions), s.Len})
}

// cacheEvictionOrder lets each goroutine put one key, or load it, into a cache
// with room for all and then look for the others' keys. A key that is missing
// then came later. The order of eviction must not contradict that.
func cacheEvictionOrder(t *harness.T) {
	for range t.Size(14, 1) {
		n := t.Clients(3)
		c := newCache[int, int](n)
		later := make([][]int, n) // of each key, those that were inserted after it
		loads := t.Rand.IntN(2) == 0
		for key := range n {
			t.Add(1, func(cl *harness.Client) {
				if loads && key%2 == 1 {
					_, _ = c.GetOrLoad(key, func(int) (int, error) { return key, nil })
				} else {
					c.Put(key, key)
				}
				for other := range n {
					if _, ok := c.Get(other); !ok {
						later[key] = append(later[key], other)
					}
				}
				cl.Step()
			})
		}
		t.Run()
		if t.GaveUp() {
			return
		}
		gone := make([]bool, n)
		for i := range n {
			c.Put(n+i, 0)
			for key := range n {
				if _, ok := c.Get(key); ok || gone[key] {
					continue
				}
				gone[key] = true
				for earlier := range n {
					if !gone[earlier] && slices.Contains(later[earlier], key) {
						t.Report(harness.NewViolation(harness.KindNotLinearizable, "G1", "no order of the calls explains what was evicted",
							fmt.Sprintf("%d leaves before %d, which was missing when %d was there", earlier, key, earlier),
							fmt.Sprintf("%d left first", key)))
						return
					}
				}
			}
		}
		harness.Equal(t, "C3", "as many new keys as the capacity do not evict all the old ones", n, trues(gone))
	}
}

// trues counts.
func trues(of []bool) (n int) {
	for _, yes := range of {
		if yes {
			n++
		}
	}
	return n
}

// cacheLeaving lets goroutines delete keys that others push out by new ones. An
// entry leaves once: it is deleted, or evicted.
func cacheLeaving(t *harness.T) {
	for range t.Size(14, 1) {
		c, capacity := fullCache(t)
		putters, each := t.Clients(1), t.Size(6, 2)
		for id := range putters {
			t.Add(1, func(cl *harness.Client) {
				for i := range each {
					key := 100_000 + id*each + i
					if cl.Rand.IntN(3) == 0 {
						_, _ = c.GetOrLoad(-key, func(int) (Tagged, error) { return tag(-key), nil })
					} else {
						c.Put(key, tag(key))
					}
					cl.Step()
				}
			})
		}
		deleters := 1 + t.Rand.IntN(2)
		deleted := make([]int, deleters)
		for id := range deleters {
			t.Add(1, func(cl *harness.Client) {
				for i := range capacity + putters*each {
					// The oldest first, as they are evicted.
					key := i
					if i >= capacity {
						key = 100_000 + cl.Rand.IntN(putters*each)
					}
					if c.Delete(key) {
						deleted[id]++
					}
					cl.Step()
				}
			})
		}
		t.Run()
		if t.GaveUp() {
			return
		}
		s := c.Stats()
		harness.Equal(t, "C3 C6", "entries that came, and those that are there, were evicted or deleted",
			capacity+putters*each, s.Len+int(s.Evictions)+sum(deleted))
	}
}

// cacheEvictInsert lets one new key push out the oldest while others look at
// both: there is no moment at which neither, or both, are there.
func cacheEvictInsert(t *harness.T) {
	for range t.Size(14, 1) {
		c, capacity := fullCache(t)
		const oldest, fresh = 0, 100_000
		viaLoad := t.Rand.IntN(3) == 0
		t.Add(1, func(cl *harness.Client) {
			if viaLoad {
				_, _ = c.GetOrLoad(fresh, func(key int) (Tagged, error) { return tag(key), nil })
			} else {
				c.Put(fresh, tag(fresh))
			}
			cl.Step()
		})
		t.Add(1, func(cl *harness.Client) {
			for range t.Size(60, 3) {
				if _, ok := c.Get(oldest); ok {
					continue
				}
				if _, ok := c.Get(fresh); !ok {
					t.Fail("C3 C9", "the oldest entry is gone and the one that evicted it is not there yet", "present", "absent")
				}
				break
			}
			cl.Step()
		})
		t.Add(1, func(cl *harness.Client) {
			for range t.Size(60, 3) {
				if _, ok := c.Get(fresh); !ok {
					continue
				}
				if _, ok := c.Get(oldest); ok {
					t.Fail("C3", "a new entry is there and the one that it evicts is not gone yet", "absent", "present")
				}
				break
			}
			cl.Step()
		})
		t.Run()
		if t.GaveUp() {
			return
		}
		harness.Equal(t, "C3", "entries and evictions after one new key", [2]int{capacity, 1},
			[2]int{c.Len(), int(c.Stats().Evictions)})
	}
}
