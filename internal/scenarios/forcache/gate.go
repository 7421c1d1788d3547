package forcache

import (
	"fmt"
	"math"

	"racebench/internal/cache"
	"racebench/internal/model"
	"racebench/internal/scenarios/harness"
)

// Gate returns the scenario in which one goroutine calls every method, with fresh
// random values.
func Gate() harness.Scenario {
	return harness.Scenario{
		Name: "gate/cache", Component: harness.Cache, Run: gateCache, Calm: true,
		Doc:      "One goroutine calls every method of caches of several capacities; each answer is that of the model.",
		Contract: []string{"C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C10", "C12", "C13", "C14"},
	}
}

func gateCache(t *harness.T) {
	for _, capacity := range []int{0, -1} {
		if !harness.Panics(func() { cache.New[int, int](capacity) }) {
			t.Differs("C1", fmt.Sprintf("New(%d)", capacity), "a panic", "no panic")
		}
	}
	gateKinds(t)
	gateMany(t)
	for _, capacity := range []int{1, 2, 3 + t.Rand.IntN(6), 100 + t.Rand.IntN(100), harness.LargeCache} {
		me := &cacheClient{Client: t.Client, cache: cache.New[int64, int64](capacity)}
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
	c := cache.New[any, any](len(keys))
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
}

// gateMany does the same so often that a number of 16 bits is what it was
// before.
func gateMany(t *harness.T) {
	for _, again := range []struct {
		name  string
		times int
		call  func(c *cache.Cache[int, int])
	}{
		// Clear may visit much, and a byte has to be enough for it.
		{"Clear", 1 << 8, func(c *cache.Cache[int, int]) { c.Clear() }},
		{"Delete", harness.Laps, func(c *cache.Cache[int, int]) { c.Delete(1) }},
	} {
		c := cache.New[int, int](2)
		v, err := c.GetOrLoad(1, func(int) (int, error) {
			for range again.times {
				again.call(c)
			}
			return 10, nil
		})
		if v != 10 || err != nil {
			t.Differs("C15", "GetOrLoad whose load calls "+again.name+" many times", outcome(10, nil), outcome(v, err))
		}
		if v, ok := c.Get(1); ok {
			t.Differs("C15", fmt.Sprintf("Get after a load that was overtaken by %d calls of %s", again.times, again.name), "absent", v)
		}
		t.Step()
	}
	c := cache.New[int, int](2)
	for i := range harness.Laps {
		c.Put(i, i)
		c.Get(i)
		c.Get(-1)
	}
	want := cache.Stats{Hits: harness.Laps, Misses: harness.Laps, Evictions: harness.Laps - 2, Len: 2, Capacity: 2}
	if got := c.Stats(); got != want {
		t.Differs("C2", fmt.Sprintf("the statistics after %d new keys, as many hits and as many misses", harness.Laps), fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	}
	t.Step()
}

func (c *cacheClient) hitRate() {
	called := c.Now()
	rate := c.cache.Stats().HitRate()
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
	boom := bang{fmt.Sprint("load ", value)}
	called := c.Now()
	func() {
		defer func() {
			switch r := recover(); {
			case r == nil:
			case r == any(boom):
				outcome, got = model.OutcomePanic, 0
			case ran && mode == model.OutcomePanic:
				c.T.Differs("C14", "the value that GetOrLoad panics with when load does", boom, r)
			default:
				panic(r)
			}
		}()
		got, err = c.cache.GetOrLoad(key, func(k int64) (int64, error) {
			ran = true
			if k != key {
				c.T.Differs("C11", "the argument of load", key, k)
			}
			switch mode {
			case model.OutcomeError:
				return 0, errLoad
			case model.OutcomePanic:
				panic(boom)
			}
			return value, nil
		})
	}()
	if err != nil {
		outcome, got = model.OutcomeError, 0
		if err != errLoad {
			c.T.Differs("C13", "the error of GetOrLoad", errLoad, err)
		}
	}
	c.Record(called, model.CacheLoad, []int64{key, mode, value}, []int64{outcome, got, harness.Bit(ran)})
}
