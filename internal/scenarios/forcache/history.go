package forcache

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"weak"

	"racebench/internal/model"
	"racebench/internal/protocol"
	"racebench/internal/scenarios/harness"
)

// loadError is the error of one load.
type loadError struct{ flight int64 }

func (loadError) Error() string { return "the load failed" }

// flightEnd is the end of one load, as the goroutine that ran it saw it.
type flightEnd struct {
	key, flight   int64
	called, after int64 // the last instant inside load; the first that is too late
	failed        bool
	client        int
}

// cacheClient records what one client does with a cache.
type cacheClient struct {
	*harness.Client
	cache Cache[int64, int64]
	ends  []flightEnd
	// sharers are the callers that got what another's load returned, and when
	// they had it: storing it comes before.
	sharers []flightEnd
}

// enlist adds a client of a cache to the next run.
func enlist(t *harness.T, cache Cache[int64, int64], act func(*cacheClient)) *cacheClient {
	c := &cacheClient{cache: cache}
	t.Add(1, func(cl *harness.Client) {
		c.Client = cl
		act(c)
	})
	return c
}

func (c *cacheClient) get(key int64) {
	called := c.Now()
	v, ok := c.cache.Get(key)
	c.Record(called, model.CacheGet, []int64{key}, []int64{harness.Bit(ok), v})
}

func (c *cacheClient) put(key, value int64) {
	called := c.Now()
	c.cache.Put(key, value)
	c.Record(called, model.CachePut, []int64{key, value}, nil)
}

func (c *cacheClient) remove(key int64) {
	called := c.Now()
	ok := c.cache.Delete(key)
	c.Record(called, model.CacheDelete, []int64{key}, []int64{harness.Bit(ok)})
}

func (c *cacheClient) length() {
	called := c.Now()
	n := c.cache.Len()
	c.Record(called, model.CacheLen, nil, []int64{int64(n)})
}

func (c *cacheClient) stats() {
	called := c.Now()
	s := c.cache.Stats()
	c.Record(called, model.CacheStats, nil, cacheStats(s))
}

func cacheStats(s Stats) []int64 {
	return []int64{int64(s.Hits), int64(s.Misses), int64(s.Evictions), int64(s.Len), int64(s.Capacity)}
}

func (c *cacheClient) clear() {
	called := c.Now()
	c.cache.Clear()
	c.Record(called, model.CacheClear, nil, nil)
}

// load calls GetOrLoad with a load of the given number, which may fail.
func (c *cacheClient) load(key, flight int64, fails bool) {
	called := c.Now()
	ran := false
	var began, ended int64
	v, err := c.cache.GetOrLoad(key, func(int64) (int64, error) {
		began = c.Now()
		ran = true
		if c.Rand.IntN(2) == 0 {
			runtime.Gosched()
		}
		defer func() { ended = c.Now() }()
		if fails {
			return 0, loadError{flight}
		}
		return flight, nil
	})
	returned := c.Now()
	var failed loadError
	switch {
	case ran:
		if fails != errors.As(err, &failed) || failed.flight != flight && fails || !fails && v != flight {
			c.T.Fail("C11", "a caller did not get what its own load returned", flight, found(v, err == nil))
		}
		c.Ops = append(c.Ops, protocol.Operation{
			Call: called, Return: began, Name: model.CacheLoadLead, In: []int64{key, flight},
		})
		c.ends = append(c.ends, flightEnd{
			key: key, flight: flight, called: ended, after: returned, failed: fails, client: c.ID,
		})
	case errors.As(err, &failed):
		c.Ops = append(c.Ops, protocol.Operation{
			Call: called, Return: returned, Name: model.CacheLoadJoin, In: []int64{key, failed.flight},
		})
		c.sharers = append(c.sharers, flightEnd{flight: failed.flight, after: returned})
	case err != nil:
		c.T.Fail("C11", "GetOrLoad returned an error that no load returned", "the error of a load", err)
	default:
		c.Ops = append(c.Ops, protocol.Operation{
			Call: called, Return: returned, Name: model.CacheLoadGot, In: []int64{key}, Out: []int64{v},
		})
		c.sharers = append(c.sharers, flightEnd{flight: v, after: returned})
	}
	c.Step()
}

// cacheHistories records small histories, each of a cache of its own.
func cacheHistories(loads bool) func(t *harness.T) {
	return func(t *harness.T) {
		for range t.Size(5, 1) {
			cacheHistory(t, loads)
		}
	}
}

func cacheHistory(t *harness.T, loads bool) {
	capacity := int64(1 + t.Rand.IntN(3))
	keys := int(capacity) + t.Rand.IntN(2)
	capacity = int64(t.Capacity(int(capacity)))
	clears := t.Rand.IntN(2) == 0
	c := newCache[int64, int64](int(capacity))
	var crew []*cacheClient
	for id := range min(t.Clients(3), 4) {
		crew = append(crew, enlist(t, c, func(me *cacheClient) {
			// A client that does one thing only is ordered by nothing else.
			only := me.Rand.IntN(12)
			for i := range t.Size(7, 3) {
				unique := int64(id*100 + i)
				key := int64(me.Key(keys))
				op := me.Rand.IntN(8)
				if only < 8 {
					op = only
				}
				switch op {
				case 0:
					me.get(key)
				case 1:
					me.remove(key)
				case 2:
					me.stats()
				case 3:
					if clears {
						me.clear()
					} else {
						me.length()
					}
				case 4, 5:
					if loads {
						me.load(key, model.FirstFlight+unique, me.Rand.IntN(4) == 0)
					} else {
						me.get(key)
					}
				default:
					me.put(key, unique+1)
				}
			}
		}))
	}
	t.Run()
	t.History(model.Cache, []int64{capacity}, loadEnds(crew)...)
}

// cacheEncounters lets two or three calls meet in a cache that is full, or has
// room for one, and looks at everything that is left: at the statistics, at each
// key, and at which entry goes next.
func cacheEncounters(t *harness.T) {
	for range t.Size(12, 2) {
		cacheEncounter(t)
	}
}

func cacheEncounter(t *harness.T) {
	capacity := 1 + t.Rand.IntN(3)
	c := newCache[int64, int64](capacity)
	main := &cacheClient{Client: t.Client, cache: c}
	filled := capacity - t.Rand.IntN(2)
	for key := range filled {
		main.put(int64(key), int64(key+1))
	}
	if t.Rand.IntN(2) == 0 {
		main.get(0)
	}
	keys := filled + 2
	var crew []*cacheClient
	for id := range 2 + t.Rand.IntN(2) {
		crew = append(crew, enlist(t, c, func(me *cacheClient) {
			for i := range 1 + me.Rand.IntN(2) {
				key, unique := int64(me.Rand.IntN(keys)), int64(100*(id+1)+i)
				switch me.Rand.IntN(12) {
				case 0, 1:
					me.get(key)
				case 2, 3, 4:
					me.remove(key)
				case 5, 6:
					me.load(key, model.FirstFlight+unique, me.Rand.IntN(4) == 0)
				case 7:
					me.clear()
				case 8:
					me.stats()
				default:
					me.put(key, unique)
				}
			}
		}))
	}
	t.Run()
	after := func() {
		main.stats()
		for key := range keys {
			main.get(int64(key))
		}
	}
	after()
	main.length()
	main.put(int64(keys), 1)
	after()
	t.History(model.Cache, []int64{int64(capacity)}, loadEnds(crew)...)
}

// loadEnds makes the second steps of GetOrLoad: after the last instant inside
// the load, and before any of the callers who got its result returned (C12).
func loadEnds(crew []*cacheClient) []protocol.Operation {
	first := map[int64]int64{}
	for _, c := range crew {
		for _, s := range c.sharers {
			if at, ok := first[s.flight]; !ok || s.after < at {
				first[s.flight] = s.after
			}
		}
	}
	var ops []protocol.Operation
	for _, c := range crew {
		for _, e := range c.ends {
			after := e.after
			if at, ok := first[e.flight]; ok {
				after = min(after, at)
			}
			op := protocol.Operation{
				Client: e.client, Call: e.called, Return: max(after, e.called),
				Name: model.CacheLoadDone, In: []int64{e.key, e.flight},
			}
			if e.failed {
				op.Name = model.CacheLoadFail
			}
			ops = append(ops, op)
		}
	}
	return ops
}

// cacheMemory uses far more keys than the cache holds, and asks the garbage
// collector how many of them are still referred to.
func cacheMemory(t *harness.T) {
	const capacity, many = 4, 500
	c := newCache[*harness.Boulder, *harness.Boulder](capacity)
	var all []weak.Pointer[harness.Boulder]
	fresh := func() *harness.Boulder {
		b := &harness.Boulder{ID: len(all)}
		all = append(all, weak.Make(b))
		return b
	}
	for i := range many {
		key := fresh()
		switch i % 4 {
		case 0:
			c.Put(key, fresh())
			c.Delete(key)
		case 1:
			c.Put(key, fresh())
			c.Put(key, fresh())
		case 2:
			_, _ = c.GetOrLoad(key, func(*harness.Boulder) (*harness.Boulder, error) { return fresh(), nil })
			c.Delete(key)
		default:
			_, _ = c.GetOrLoad(key, func(*harness.Boulder) (*harness.Boulder, error) { return fresh(), errLoad })
		}
		t.Step()
	}
	// A buffer that is cleaned up now and then may keep some of them.
	if kept := harness.Retained(all); kept > len(all)/4 {
		t.Fail("G4", "keys and values that the cache no longer holds cannot be collected",
			fmt.Sprintf("about %d of %d", 2*capacity, len(all)), kept)
	}
	runtime.KeepAlive(c)
	small := newCache[int, int](capacity)
	harness.Grows(t, "Cache", func(i int) {
		key := 8 * i
		small.Put(key, i)
		small.Delete(key)
		small.Put(key+1, i)
		_, _ = small.GetOrLoad(key+2, func(int) (int, error) { small.Delete(key + 2); return i, nil })
		_, _ = small.GetOrLoad(key+3, func(int) (int, error) { small.Put(key+3, i); return i, nil })
		_, _ = small.GetOrLoad(key+4, func(int) (int, error) { return 0, errLoad })
		_, _ = small.GetOrLoad(key+4, func(int) (int, error) { small.Delete(key + 4); return 0, errLoad })
		small.Get(key + 5)
		small.Delete(key + 6)
		harness.Panics(func() { _, _ = small.GetOrLoad(key+7, func(int) (int, error) { panic(errLoad) }) })
		harness.Panics(func() {
			_, _ = small.GetOrLoad(key+7, func(int) (int, error) { small.Delete(key + 7); panic(errLoad) })
		})
	})
	// Evictions and Clear would hide what others leave behind, so they come apart.
	roomy := newCache[int, int](64)
	roomy.Put(-1, 0)
	harness.Grows(t, "Cache", func(i int) {
		roomy.Put(i, i)
		roomy.Delete(i)
		_, _ = roomy.GetOrLoad(i, func(int) (int, error) { return i, nil })
		roomy.Delete(i)
		roomy.Put(-1, i)
	})
	runtime.KeepAlive(roomy)
	cleared := newCache[int, int](capacity)
	harness.Grows(t, "Cache", func(i int) {
		cleared.Put(2*i, i)
		_, _ = cleared.GetOrLoad(2*i+1, func(int) (int, error) { cleared.Clear(); return i, nil })
	})
	runtime.KeepAlive(cleared)
	runtime.KeepAlive(small)
	// What a large cache has held it holds no more when it is cleared. A list of keys
	// that is only cut may keep those.
	large := newCache[*harness.Boulder, *harness.Boulder](harness.LargeCache)
	all = nil
	for range 400 {
		large.Put(fresh(), fresh())
	}
	large.Clear()
	if kept := harness.Retained(all); kept > len(all)*3/4 {
		t.Fail("G4", "keys and values that a cache held, which was cleared, cannot be collected",
			fmt.Sprintf("few of %d", len(all)), kept)
	}
	runtime.KeepAlive(large)
	// Somebody waits for each load. They come in crowds, for on a busy machine every
	// meeting of two goroutines may take milliseconds.
	const crowd = 64
	waited := newCache[int, int](capacity)
	harness.Grows(t, "Cache", func(i int) {
		if i%crowd > 0 {
			return
		}
		var loads sync.WaitGroup
		misses := waited.Stats().Misses
		release := make(chan struct{})
		for key := i; key < i+crowd; key++ {
			for range 2 {
				loads.Go(func() {
					_, _ = waited.GetOrLoad(key, func(int) (int, error) { <-release; return key, nil })
				})
			}
		}
		// Who has loads take turns is not waited for: others say so.
		for tries := 0; tries < 10_000 && waited.Stats().Misses < misses+2*crowd; tries++ {
			runtime.Gosched()
		}
		close(release)
		loads.Wait()
	})
	runtime.KeepAlive(waited)
	var caches []func() bool
	for range harness.Copies {
		one := newCache[int, int](capacity)
		one.Put(1, 1)
		_, _ = one.GetOrLoad(2, func(int) (int, error) { return 2, nil })
		caches = append(caches, one.Reachable())
		t.Step()
	}
	harness.Forgotten(t, caches)
}
