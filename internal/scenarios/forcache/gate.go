package forcache

import (
	"fmt"
	"math"
	"slices"
	"time"

	"racebench/internal/model"
	"racebench/internal/scenarios/harness"
)

// Gate returns the scenario in which one goroutine calls every method, with fresh
// random values.
func Gate() harness.Scenario {
	return harness.Scenario{
		Name: "gate/cache", Component: harness.Cache, Run: gateCache, Calm: true,
		Doc:      "One goroutine calls every method of caches of several capacities; each answer is that of the model.",
		Contract: []string{"C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C10", "C12", "C13", "C14", "G3"},
	}
}

func gateCache(t *harness.T) {
	for _, capacity := range []int{0, -1} {
		if !harness.Panics(func() { newCache[int, int](capacity) }) {
			t.Differs("C1", fmt.Sprintf("New(%d)", capacity), "a panic", "no panic")
		}
	}
	gateKinds(t)
	gateRanges(t)
	gateNested(t)
	gateLoadPanics(t)
	gateMany(t)
	left := newCache[int, int](16)
	t.LeavesNobody("calls of every method", func() {
		for key := range 300 {
			left.Put(key, key)
			left.Get(key)
			_, _ = left.GetOrLoad(-key, func(int) (int, error) { return key, nil })
			left.Delete(key)
		}
		left.Clear()
	})
	for _, capacity := range []int{1, 2, 3 + t.Rand.IntN(6), 100 + t.Rand.IntN(100), harness.LargeCache} {
		me := &cacheClient{Client: t.Client, cache: newCache[int64, int64](capacity)}
		var keys []int64
		for range capacity + min(capacity, 32) + 1 {
			keys = append(keys, int64(t.Rand.Uint64()))
		}
		if capacity > 10 {
			// Fill most of it: what follows is too little for that.
			for _, key := range keys[:capacity-8] {
				me.put(key, int64(t.Rand.Uint64()))
			}
		}
		for range 40 * (2 + min(capacity, 10)) {
			key, value := keys[t.Key(len(keys))], int64(t.Rand.Uint64())
			switch t.Rand.IntN(16) {
			case 0, 1, 2, 3:
				me.get(key)
			case 4, 5, 6, 7:
				me.put(key, value)
			case 8, 9:
				me.remove(key)
			case 10:
				me.length()
			case 11:
				me.stats()
			case 12:
				if t.Rand.IntN(4) == 0 {
					me.clear()
				} else {
					me.hitRate()
				}
			default:
				me.wholeLoad(key, value, t.Rand.IntN(5))
			}
		}
		// The rest shows what is left and in which order it leaves.
		me.stats()
		for _, key := range keys {
			me.get(key)
		}
		for range min(capacity, 64) {
			me.put(int64(t.Rand.Uint64()), 0)
			me.get(keys[t.Rand.IntN(len(keys))])
		}
		me.stats()
		t.History(model.Cache, []int64{int64(capacity)})
	}
}

// gateKinds uses keys that print alike, and values that are nil or of different
// types: keys are what == says, and any value can be stored.
func gateKinds(t *harness.T) {
	type pair struct{ a, b string }
	one, two := pair{"x", "y"}, pair{"x", "y"}
	keys := []any{1, int64(1), uint8(1), 1.0, "1", true, "true", [1]int{1}, pair{"1 ", "2"}, pair{"1", " 2"}, &one, &two, nil, "<nil>"}
	values := []any{nil, 1, "one", errLoad, 2.5, error(nil), &one}
	value := func(i int) any { return values[i%len(values)] }
	same := func(what string, key, want, got any, ok bool) {
		if !ok || got != want {
			t.Differs("C2", fmt.Sprintf("%s of the key %T(%v), among keys that print alike", what, key, key), want, found(got, ok))
		}
	}
	c := newCache[any, any](len(keys))
	for i, key := range keys {
		if i%2 == 0 {
			c.Put(key, value(i))
			continue
		}
		v, err := c.GetOrLoad(key, func(any) (any, error) { return value(i), nil })
		same("GetOrLoad", key, value(i), v, err == nil)
	}
	for i, key := range keys {
		v, ok := c.Get(key)
		same("Get", key, value(i), v, ok)
		c.Put(key, value(i+1)) // a value of another type in its place
		v, ok = c.Get(key)
		same("Get after Put", key, value(i+1), v, ok)
	}
	if n := c.Len(); n != len(keys) {
		t.Differs("C2", "Len with keys that print alike", len(keys), n)
	}
	for i, key := range keys {
		if !c.Delete(key) {
			t.Differs("C6", fmt.Sprintf("Delete of the key %T(%v), among keys that print alike", key, key), true, false)
		}
		if i+1 < len(keys) {
			v, ok := c.Get(keys[i+1])
			same("Get after the Delete of another", keys[i+1], value(i+2), v, ok)
		}
	}
	t.Step()

	// A key is what == says it is, also where it does not look the same any longer.
	c.Clear()
	negative := math.Copysign(0, -1)
	c.Put(0.0, "zero")
	v, ok := c.Get(negative)
	same("Get, after a Put of 0.0,", negative, "zero", v, ok)
	c.Put(complex(0, 1), "complex")
	v, ok = c.Get(complex(negative, 1))
	same("Get, after a Put of complex(0, 1),", complex(negative, 1), "complex", v, ok)
	c.Delete(complex(0, 1))
	c.Put(&one, "pointer")
	one.a = "changed"
	v, ok = c.Get(&one)
	same("Get, after what it points to has changed,", &one, "pointer", v, ok)
	if !c.Delete(negative) || !c.Delete(&one) || c.Len() != 0 {
		t.Differs("C6", "Len after the Delete of keys that are equal to those put", 0, c.Len())
	}

	// Values need not be comparable.
	lists := newCache[float64, []int](2)
	list := []int{1, 2}
	for range 2 {
		lists.Put(0, list)
		if got, ok := lists.Get(0); !ok || len(got) != 2 || &got[0] != &list[0] {
			t.Differs("C4", "Get of a slice that was put twice", list, found(got, ok))
		}
	}
	c.Put(1, list)
	c.Put(1, list)
	if v, ok := c.Get(1); !ok || len(v.([]int)) != 2 {
		t.Differs("C4", "Get of a slice that was put twice, as an any", list, found(v, ok))
	}
	t.Step()
}

// gateRanges deletes keys that were put one after the other, out of the middle of what
// is there, and puts so many new ones that those come to be the oldest.
func gateRanges(t *harness.T) {
	for _, capacity := range []int{96, 100 + t.Rand.IntN(100)} {
		c := newCache[int, int](capacity)
		var order []int
		next := 0
		put := func(n int) {
			for range n {
				c.Put(next, next)
				order = append(order, next)
				next++
			}
			order = order[max(0, len(order)-capacity):]
		}
		put(capacity)
		for round := range 12 {
			from := t.Rand.IntN(len(order))
			to := min(len(order), from+1+t.Rand.IntN(capacity/2))
			if round == 0 {
				from, to = capacity/3, 2*capacity/3
			}
			for _, key := range order[from:to] {
				c.Delete(key)
			}
			order = slices.Delete(order, from, to)
			put(t.Rand.IntN(capacity) + capacity/2)
			for key := max(0, next-2*capacity); key < next; key++ {
				want := slices.Contains(order, key)
				if v, ok := c.Get(key); ok != want || ok && v != key {
					t.Differs("C3", fmt.Sprintf("Get(%d) in a cache for %d, after keys in the middle were deleted and others put", key, capacity), found(key, want), found(v, ok))
					return
				}
			}
		}
		t.Step()
	}
}

// gateNested has many loads in flight at once, each inside of the one before it, when
// a Clear overtakes all of them.
func gateNested(t *harness.T) {
	const depth = 40
	c := newCache[int, int](2 * depth)
	var load func(key int) (int, error)
	load = func(key int) (int, error) {
		if key == depth {
			c.Clear()
			return key, nil
		}
		_, err := c.GetOrLoad(key+1, load)
		return key, err
	}
	if v, err := c.GetOrLoad(0, load); v != 0 || err != nil {
		t.Differs("C15", "GetOrLoad whose load loads other keys", outcome(0, nil), outcome(v, err))
	}
	if n := c.Len(); n != 0 {
		t.Differs("C15", fmt.Sprintf("Len after %d loads during which there was a Clear", depth+1), 0, n)
	}
	t.Step()
}

// gateLoadPanics has loads panic in ways of the run-time's own.
func gateLoadPanics(t *harness.T) {
	c := newCache[int, int](2)
	var none map[int]int
	zero := 0
	for _, bug := range []struct {
		name string
		load func(int) (int, error)
	}{
		{"divides by zero", func(int) (int, error) { return 1 / zero, nil }},
		{"writes to a nil map", func(int) (int, error) { none[1] = 1; return 1, nil }},
		{"indexes an empty slice", func(int) (int, error) { return []int{}[zero], nil }},
		{"panics with nil", func(int) (int, error) { panic(nil) }},
	} {
		want := recovered(func() { _, _ = bug.load(1) })
		got := recovered(func() { _, _ = c.GetOrLoad(1, bug.load) })
		if fmt.Sprintf("%T %v", got, got) != fmt.Sprintf("%T %v", want, want) {
			t.Differs("C14", "the value that GetOrLoad panics with when load "+bug.name, fmt.Sprintf("%T: %v", want, want), fmt.Sprintf("%T: %v", got, got))
		}
	}
	t.Step()
}

func recovered(f func()) (r any) {
	defer func() { r = recover() }()
	f()
	return nil
}

// gateMany does the same so often that a number of 16 bits is what it was
// before, or that what is cleaned up now and then is.
func gateMany(t *harness.T) {
	for _, again := range []struct {
		name string
		call func(c Cache[int, int], i int)
		want any
	}{
		{"Clear", func(c Cache[int, int], _ int) { c.Clear() }, "absent"},
		{"Delete", func(c Cache[int, int], _ int) { c.Delete(1) }, "absent"},
		{"Put", func(c Cache[int, int], _ int) { c.Put(1, 11) }, 11},
		// The load of a key is overtaken by nothing that is done to others.
		{"Delete of other keys", func(c Cache[int, int], i int) { c.Delete(2 + i) }, 10},
		{"Put of other keys", func(c Cache[int, int], i int) { c.Put(2+i, 0) }, 10},
	} {
		c := newCache[int, int](2)
		v, err := c.GetOrLoad(1, func(int) (int, error) {
			for i := range harness.Laps {
				again.call(c, i)
			}
			return 10, nil
		})
		if v != 10 || err != nil {
			t.Differs("C15", "GetOrLoad whose load calls "+again.name+" many times", outcome(10, nil), outcome(v, err))
		}
		if v, ok := c.Get(1); found(v, ok) != again.want {
			t.Differs("C15", fmt.Sprintf("Get after a load during which there were %d calls of %s", harness.Laps, again.name), again.want, found(v, ok))
		}
		t.Step()
	}
	c := newCache[int, int](2)
	for i := range harness.Laps {
		c.Put(i, i)
		for key, want := range map[int]bool{i: true, i - 1: i >= 1, i - 2: false} {
			if v, ok := c.Get(key); ok != want {
				t.Differs("C3", fmt.Sprintf("Get(%d) after %d new keys in a cache for 2", key, i+1), found(key, want), found(v, ok))
				return
			}
		}
	}
	want := Stats{Hits: 2*harness.Laps - 1, Misses: harness.Laps + 1, Evictions: harness.Laps - 2, Len: 2, Capacity: 2}
	if got := c.Stats(); got != want {
		t.Differs("C2", fmt.Sprintf("the statistics after %d new keys", harness.Laps), fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	}
	t.Step()
	gateOrderStays(t)
	gateLarge(t)
}

// gateOrderStays lets other keys come and go beside some that stay, which then
// leave in the order of their insertion.
func gateOrderStays(t *harness.T) {
	// More than a map of Go's keeps in one group, so that the order in which it
	// hands them out is never theirs.
	const stay = 24
	c := newCache[int, int](stay + 1)
	for _, beside := range []struct {
		name  string
		times int
		call  func(i int)
	}{
		{"a key is put and deleted", harness.Laps, func(i int) { c.Put(-1, i); c.Delete(-1) }},
		{"new keys are put and deleted", harness.Laps, func(i int) { c.Put(-1-i, i); c.Delete(-1 - i) }},
		{"a value is replaced", harness.Laps, func(int) { c.Put(1, 1) }},
		{"keys are loaded and deleted", harness.Laps, func(i int) {
			_, _ = c.GetOrLoad(-1-i, func(int) (int, error) { return i, nil })
			c.Delete(-1 - i)
		}},
		{"loads fail, or are overtaken", 1 << 12, func(i int) {
			_, _ = c.GetOrLoad(-1, func(int) (int, error) { return 0, errLoad })
			_, _ = c.GetOrLoad(-1, func(int) (int, error) { c.Delete(-1); return 0, nil })
			harness.Panics(func() { _, _ = c.GetOrLoad(-1, func(int) (int, error) { panic(errLoad) }) })
		}},
	} {
		for key := range stay {
			c.Put(key, key)
		}
		for i := range beside.times {
			beside.call(i)
		}
		for i := range 2 * stay {
			c.Put(stay+i, stay+i) // the first has room
			for key := range 2*stay + stay {
				want := key >= i && key <= stay+i
				if v, ok := c.Get(key); ok != want || ok && v != key {
					t.Differs("C3", fmt.Sprintf("Get(%d) in a cache for %d, after 0 to %d were put, then many times %s, and then %d to %d were put",
						key, stay+1, stay-1, beside.name, stay, stay+i), found(key, want), found(v, ok))
					return
				}
			}
		}
		c.Clear()
		t.Step()
	}
}

// gateLarge fills a cache with more entries than 16 bits can tell apart. A cache
// that takes longer the more it holds is over-locking and no wrong answer: that
// one is spared.
func gateLarge(t *harness.T) {
	const capacity, patience = harness.Laps + 1000, int64(time.Second)
	c := newCache[int, int](capacity)
	began := harness.Monotonic()
	for key := range capacity {
		c.Put(key, key)
		if key%256 == 0 && harness.Monotonic()-began > patience {
			return
		}
	}
	// What is deleted leaves room, and what is put again is new.
	for key := 2; key < capacity; key += 1000 {
		c.Delete(key)
		c.Put(key, key)
	}
	c.Put(capacity, capacity)
	c.Put(capacity+1, capacity+1)
	c.Put(capacity+2, capacity+2) // not 2, which was put again
	for key := range capacity + 3 {
		want := key > 3 || key == 2
		if v, ok := c.Get(key); ok != want || ok && v != key {
			t.Differs("C3", fmt.Sprintf("Get(%d) in a cache for %d, after 0 to %d were put, 2 again", key, capacity, capacity+2), found(key, want), found(v, ok))
			return
		}
	}
	want := Stats{Hits: capacity, Misses: 3, Evictions: 3, Len: capacity, Capacity: capacity}
	if got := c.Stats(); got != want {
		t.Differs("C3", "the statistics of a large cache that was filled", fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	}
	t.Step()
}

func (c *cacheClient) hitRate() {
	called := c.Now()
	_, rate := c.cache.Rated()
	c.Record(called, model.CacheHitRate, nil, []int64{int64(math.Float64bits(rate))})
}

// wholeLoad calls GetOrLoad with nobody else there.
func (c *cacheClient) wholeLoad(key, value int64, kind int) {
	mode := int64(model.OutcomeValue)
	switch kind {
	case 3:
		mode = model.OutcomeError
	case 4:
		mode = model.OutcomePanic
	}
	ran, outcome := false, int64(model.OutcomeValue)
	var got int64
	var err error
	fails := failures[c.Rand.IntN(len(failures))]
	boom := booms[c.Rand.IntN(len(booms))]
	missed := c.cache.Stats().Misses
	called := c.Now()
	func() {
		defer func() {
			switch r := recover(); {
			case r == nil:
			case r == boom:
				outcome, got = model.OutcomePanic, 0
			case ran && mode == model.OutcomePanic:
				c.T.Differs("C14", "the value that GetOrLoad panics with when load does", boom, r)
			default:
				panic(r)
			}
		}()
		got, err = c.cache.GetOrLoad(key, func(k int64) (int64, error) {
			ran = true
			if counted := c.cache.Stats().Misses; counted != missed+1 {
				c.T.Differs("C10", "Misses inside a load, of which there were", missed+1, counted)
			}
			if k != key {
				c.T.Differs("C11", "the argument of load", key, k)
			}
			switch mode {
			case model.OutcomeError:
				return 0, fails
			case model.OutcomePanic:
				panic(boom)
			}
			return value, nil
		})
	}()
	if err != nil {
		outcome, got = model.OutcomeError, 0
		if err != fails {
			c.T.Differs("C13", "the error of GetOrLoad", fails, err)
		}
	}
	c.Record(called, model.CacheLoad, []int64{key, mode, value}, []int64{outcome, got, harness.Bit(ran)})
}
