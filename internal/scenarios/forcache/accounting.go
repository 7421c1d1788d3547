package forcache

import (
	"fmt"
	"slices"

	"racebench/internal/scenarios/harness"
)

// Tagged is a value that tells which key it was put for, in two words, so that
// a torn copy shows.
type Tagged struct{ key, check int }

func tag(key int) Tagged { return Tagged{key, ^key} }

// checkValue checks that a value found under a key was put under that key.
func checkValue(t *harness.T, key int, v Tagged, found bool) {
	switch {
	case found && v != tag(key):
		t.Fail("C9", "a lookup returned a value that was never put under its key", tag(key), v)
	case !found && v != Tagged{}:
		t.Fail("C2", "a lookup that missed returned a value that is not zero", Tagged{}, v)
	}
}

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

// snapshot takes one of a cache and checks what holds in every one.
func snapshot[K comparable, V any](t *harness.T, c Cache[K, V], capacity int) Stats {
	s, got := c.Rated()
	if s.Capacity != capacity {
		t.Fail("C8", "Stats().Capacity is not the capacity", capacity, s.Capacity)
	}
	if s.Len < 0 || s.Len > s.Capacity {
		t.Fail("C5", "a snapshot holds more entries than its capacity", "0 <= Len <= Capacity", s)
	}
	rate := 0.0
	if s.Hits+s.Misses > 0 {
		rate = float64(s.Hits) / float64(s.Hits+s.Misses)
	}
	if got < rate-1e-9 || got > rate+1e-9 || got != got {
		t.Fail("C8", "HitRate is not Hits/(Hits+Misses)", rate, got)
	}
	return s
}

func cacheAccounting(t *harness.T) {
	const keys = 12
	capacity := t.Capacity(8)
	c := newCache[int, Tagged](capacity)
	type tally struct{ hits, misses, lookups int }
	var tallies []*tally
	add := func(n int, op func(*harness.Client, *tally)) {
		for range n {
			mine := new(tally)
			tallies = append(tallies, mine)
			t.Add(1, func(cl *harness.Client) {
				for range t.Size(60, 4) {
					op(cl, mine)
					cl.Step()
				}
			})
		}
	}
	get := func(cl *harness.Client, mine *tally) {
		key := cl.Key(keys)
		v, ok := c.Get(key)
		if ok {
			mine.hits++
		} else {
			mine.misses++
		}
		checkValue(t, key, v, ok)
	}
	load := func(cl *harness.Client, mine *tally) {
		key := cl.Key(keys)
		v, err := c.GetOrLoad(key, func(k int) (Tagged, error) { return tag(k), nil })
		mine.lookups++ // a hit or a miss, nobody tells
		if err != nil {
			t.Fail("C12", "GetOrLoad returned an error although no load did", "<nil>", err)
			return
		}
		checkValue(t, key, v, true)
	}
	put := func(cl *harness.Client, _ *tally) { key := cl.Key(keys); c.Put(key, tag(key)) }
	remove := func(cl *harness.Client, _ *tally) { c.Delete(cl.Key(keys + 1)) }
	watch := func(*harness.Client, *tally) { snapshot(t, c, capacity) }
	count := func(*harness.Client, *tally) {
		if n := c.Len(); n < 0 || n > capacity {
			t.Fail("C5", "Len is more than the capacity", capacity, n)
		}
	}
	mixed := func(cl *harness.Client, mine *tally) {
		switch cl.Rand.IntN(8) {
		case 0, 1, 2:
			get(cl, mine)
		case 3, 4:
			put(cl, mine)
		case 5:
			load(cl, mine)
		case 6:
			remove(cl, mine)
		default:
			watch(cl, mine)
		}
	}
	if t.Small() {
		add(t.Clients(3), mixed)
	} else {
		// Goroutines that call one method only are ordered by nothing that
		// another method does right.
		for _, op := range []func(*harness.Client, *tally){get, put, load, remove, watch, count} {
			add(1, op)
		}
		add(t.Crowd(), mixed)
	}
	t.Run()

	hits, misses, lookups := 0, 0, 0
	for _, mine := range tallies {
		hits += mine.hits
		misses += mine.misses
		lookups += mine.hits + mine.misses + mine.lookups
	}
	s := snapshot(t, c, capacity)
	harness.Equal(t, "C8", "Len and Stats().Len differ although nothing happens", c.Len(), s.Len)
	harness.Total(t, "C2", "hits and misses are not the number of lookups", uint64(lookups), s.Hits+s.Misses)
	if int(s.Hits) < hits || int(s.Misses) < misses {
		t.Fail("C2", "fewer hits or misses are counted than callers of Get saw",
			Tagged{hits, misses}, Tagged{int(s.Hits), int(s.Misses)})
	}
	// The books agree with the shelves: what Stats counts can be got.
	present := 0
	for key := range keys {
		if _, ok := c.Get(key); ok {
			present++
		}
	}
	harness.Equal(t, "C5", "Len is not the number of keys that can be got", s.Len, present)
	harness.Equal(t, "C2", "Get of present and absent keys counted wrongly",
		[2]uint64{s.Hits + uint64(present), s.Misses + uint64(keys-present)},
		[2]uint64{c.Stats().Hits, c.Stats().Misses})
}

// cachePrivateKeys gives every client keys of its own, and room for all, so
// each client sees a cache with nobody else in it.
func cachePrivateKeys(t *harness.T) {
	const own = 3
	n := t.Clients(3)
	c := newCache[int, int](n * own)
	var left, hits, misses []int
	for id := range n {
		left, hits, misses = append(left, 0), append(hits, 0), append(misses, 0)
		t.Add(1, func(cl *harness.Client) {
			var has [own]bool
			var value [own]int
			h, m := 0, 0
			check := func(what string, slot int, got int, ok bool) {
				if ok {
					h++
				} else {
					m++
				}
				if ok != has[slot] || ok && got != value[slot] {
					t.Fail("C9", what+" of a key that no other goroutine uses",
						found(value[slot], has[slot]), found(got, ok))
				}
			}
			for i := range t.Size(120, 5) {
				slot := cl.Rand.IntN(own)
				key := id*own + slot
				switch cl.Rand.IntN(6) {
				case 0, 1:
					value[slot], has[slot] = i+1, true
					c.Put(key, i+1)
				case 2:
					if ok := c.Delete(key); ok != has[slot] {
						t.Fail("C6", "Delete of a key that no other goroutine uses", has[slot], ok)
					}
					value[slot], has[slot] = 0, false
				case 3:
					loaded := false
					v, err := c.GetOrLoad(key, func(int) (int, error) { loaded = true; return -i - 1, nil })
					if err != nil || loaded == has[slot] || loaded && v != -i-1 {
						t.Fail("C10", "GetOrLoad of a key that no other goroutine uses",
							found(value[slot], has[slot]), found(v, !loaded))
					}
					if loaded {
						m++
						value[slot], has[slot] = v, true
					} else {
						check("GetOrLoad", slot, v, true)
					}
				default:
					v, ok := c.Get(key)
					check("Get", slot, v, ok)
				}
				cl.Step()
			}
			for slot := range own {
				v, ok := c.Get(id*own + slot)
				check("Get", slot, v, ok)
				if has[slot] {
					left[id]++
				}
			}
			hits[id], misses[id] = h, m
		})
	}
	t.Run()
	s := c.Stats()
	harness.Total(t, "C5", "Len is not the number of entries that the goroutines left", sum(left), s.Len)
	harness.Total(t, "C2", "Hits is not what the goroutines saw", uint64(sum(hits)), s.Hits)
	harness.Total(t, "C2", "Misses is not what the goroutines saw", uint64(sum(misses)), s.Misses)
	harness.Equal(t, "C3", "an entry was evicted although there was room", 0, s.Evictions)
}

// found describes the answer of a lookup.
func found[V any](v V, ok bool) any {
	if !ok {
		return "absent"
	}
	return v
}

func sum(xs []int) (s int) {
	for _, x := range xs {
		s += x
	}
	return s
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

// thresholds are numbers of something at which an implementation may begin to do
// otherwise, such as to clean up.
var thresholds = []int{64, 100, 128, 256, 500, 512, 1000, 1024}

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

// cacheClearLookups lets one Clear meet lookups of present keys. One that found
// its key came before the Clear, which zeroed its hit; one that did not came
// after, and so did every later one of that client, of whatever key.
func cacheClearLookups(t *harness.T) {
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

// cacheInStep lets lookups of one key meet the one step that puts it, removes it or
// evicts it. What they found shows which of them came before that step, and their
// hits and misses are in the statistics after it.
func cacheInStep(t *harness.T) {
	const key = 1
	for range t.Size(20, 1) {
		capacity := 1 + t.Rand.IntN(2)
		c := newCache[int, Tagged](capacity)
		what := t.Rand.IntN(3)
		if what > 0 {
			c.Put(key, tag(key))
			if capacity == 2 {
				c.Put(key+1, tag(key+1))
			}
		}
		loads := t.Rand.IntN(2) == 0
		lookers := make([]bool, t.Clients(2)) // whether each found the key
		for id := range lookers {
			t.Add(1, func(cl *harness.Client) {
				if loads && id == 0 {
					missed := false
					_, _ = c.GetOrLoad(key, func(int) (Tagged, error) { missed = true; return Tagged{}, errLoad })
					lookers[id] = !missed
				} else {
					v, ok := c.Get(key)
					checkValue(t, key, v, ok)
					lookers[id] = ok
				}
				cl.Step()
			})
		}
		var after Stats
		t.Add(1, func(cl *harness.Client) {
			switch what {
			case 0:
				c.Put(key, tag(key))
			case 1:
				c.Delete(key)
			default:
				c.Put(key+2, tag(key+2))
			}
			after = c.Stats()
			cl.Step()
		})
		t.Run()
		if t.GaveUp() {
			return
		}
		hits := trues(lookers)
		misses := len(lookers) - hits
		if what == 0 {
			harness.Equal(t, "C2 C9", "a lookup that missed a key was counted only after the Put of the key had returned: the misses that Stats shows right then, of lookups that did not find it", misses, int(after.Misses))
		} else {
			harness.Equal(t, "C2 C9", "a lookup that found a key was counted only after the key had gone: the hits that Stats shows right then, of lookups that found it", hits, int(after.Hits))
		}
		s := c.Stats()
		harness.Equal(t, "C2 C10", "hits and misses of lookups that met one change of their key", [2]int{hits, misses}, [2]int{int(s.Hits), int(s.Misses)})
	}
}

// cacheSnapshot lets hits and misses alternate, so that no snapshot may show
// them far apart, while another goroutine clears them.
func cacheSnapshot(t *harness.T) {
	const keys = 4
	capacity := t.Capacity(keys)
	c := newCache[int, Tagged](capacity)
	for key := range keys {
		c.Put(key, tag(key))
	}
	n, each := t.Clients(2), t.Size(120, 2)
	t.Add(n, func(cl *harness.Client) {
		for range each {
			key := cl.Key(keys)
			v, ok := c.Get(key)
			checkValue(t, key, v, ok)
			harness.Equal(t, "C2", "Get of a present key", true, ok)
			_, ok = c.Get(-1)
			harness.Equal(t, "C2", "Get of an absent key", false, ok)
			cl.Step()
		}
	})
	t.Add(1, func(cl *harness.Client) {
		var last Stats
		for range 2 * each {
			s := snapshot(t, c, capacity)
			// Each goroutine has at most one hit without its miss.
			if ahead := int64(s.Hits - s.Misses); ahead < 0 || ahead > int64(n) {
				t.Fail("C8", "a snapshot mixes two moments: each goroutine hits, then misses, in turns",
					"0 <= Hits-Misses <= number of goroutines", s)
			}
			if s.Hits < last.Hits || s.Misses < last.Misses {
				t.Fail("C8", "a later snapshot counts fewer lookups", last, s)
			}
			last = s
			cl.Step()
		}
	})
	t.Run()
	s := c.Stats()
	harness.Total(t, "C2", "Hits is not what the goroutines saw", uint64(n*each), s.Hits)
	harness.Total(t, "C2", "Misses is not what the goroutines saw", uint64(n*each), s.Misses)
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
