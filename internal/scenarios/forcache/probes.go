package forcache

import (
	"racebench/internal/scenarios/harness"
)

// Probes returns the probes for over-locking of a cache.
func Probes() []harness.Scenario {
	return []harness.Scenario{
		{
			Name: "probe/get-beside-load", Component: harness.Cache, Run: probeLoad, Calm: true,
			Doc:      "Every method is called while the load of another key is held open.",
			Contract: []string{"L2"},
		},
		{
			Name: "probe/cache-instances", Component: harness.Cache, Run: probeCaches, Calm: true,
			Doc: "One cache is held inside a load while another of the same types is used; then goroutines use a cache of their own " +
				"each, and none may ever wait for a lock.",
			Contract: []string{"L3"},
		},
		{
			Name: "probe/cache-size", Component: harness.Cache, Run: probeCacheSize, Calm: true,
			Doc:      "A call allocates and executes as much in a large cache as in a small one.",
			Contract: []string{"L4"},
		},
	}
}

func probeLoad(t *harness.T) {
	c := newCache[int, int](4)
	c.Put(1, 1)
	l := holdLoad(t, 2)
	a := getOrLoad(t, c, 2, nil, l.load)
	if !t.Await(l.entered) {
		return
	}
	c.Get(1)
	c.Get(3)
	c.Put(3, 3)
	c.Delete(3)
	c.Len()
	c.Stats()
	_, _ = c.GetOrLoad(4, func(int) (int, error) { return 4, nil })
	t.Step()
	l.release.Open()
	t.Await(a.done)
	c.Clear()
}

func probeCaches(t *harness.T) {
	held, other := newCache[int, int](2), newCache[int, int](2)
	l := holdLoad(t, 2)
	a := getOrLoad(t, held, 1, nil, l.load)
	if !t.Await(l.entered) {
		return
	}
	// The very key that is being loaded in the other instance.
	if v, err := other.GetOrLoad(1, func(int) (int, error) { return 7, nil }); v != 7 || err != nil {
		t.OverLocked("L3", "a load in one cache served another", 7, v)
	}
	other.Get(1)
	other.Put(1, 1)
	other.Len()
	other.Stats()
	other.Delete(1)
	other.Clear()
	t.Step()
	l.release.Open()
	t.Await(a.done)

	t.Uncontended("internal/cache.", func() func(*harness.Client) {
		c := newCache[int, int](16)
		return func(cl *harness.Client) {
			for i := range 1500 {
				c.Put(i%24, i)
				c.Get(i % 31)
				if i%8 == 0 {
					c.Stats()
					_, _ = c.GetOrLoad(i%40, func(int) (int, error) { return i, nil })
					c.Delete(i % 24)
					c.Len()
				}
			}
			c.Clear()
			cl.Step()
		}
	})
}

func probeCacheSize(t *harness.T) {
	type method struct {
		name string
		call func(c Cache[int, int], i int)
		// prepare brings a cache for n entries where call needs it; nil if that is anywhere.
		prepare func(c Cache[int, int], n int)
	}
	methods := []method{
		{name: "Get", call: func(c Cache[int, int], i int) { c.Get(i % harness.Few) }},
		{name: "Put of a present key", call: func(c Cache[int, int], i int) { c.Put(i%harness.Few, i) }},
		{name: "Put of a new key", call: func(c Cache[int, int], i int) { c.Put(1<<20+i, i) }},
		{name: "Len", call: func(c Cache[int, int], _ int) { c.Len() }},
		{name: "Stats", call: func(c Cache[int, int], _ int) { c.Stats() }},
		{name: "GetOrLoad", call: func(c Cache[int, int], i int) {
			_, _ = c.GetOrLoad(1<<21+i, func(int) (int, error) { return i, nil })
		}},
		{name: "Delete", call: func(c Cache[int, int], i int) { c.Delete(1<<21 + i) }},
		{name: "Delete of the oldest key", call: func(c Cache[int, int], i int) { c.Delete(1<<22 + i) }, prepare: func(c Cache[int, int], n int) {
			for i := range n {
				c.Put(1<<22+i, i)
			}
		}},
	}
	fill := func(n int) Cache[int, int] {
		c := newCache[int, int](n)
		for i := range n {
			c.Put(i, i)
		}
		return c
	}
	small, large := fill(harness.Few), fill(harness.Many)
	for _, m := range methods {
		if m.prepare != nil {
			m.prepare(small, harness.Few)
			m.prepare(large, harness.Many)
		}
		t.SameCost("Cache."+m.name,
			harness.CostOf(func(i int) { m.call(small, i) }),
			harness.CostOf(func(i int) { m.call(large, i) }))
	}
}
