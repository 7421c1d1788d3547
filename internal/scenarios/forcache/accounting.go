package forcache

import (
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

// thresholds are numbers of something at which an implementation may begin to do
// otherwise, such as to clean up.
var thresholds = []int{64, 100, 128, 256, 500, 512, 1000, 1024}

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
