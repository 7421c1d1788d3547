package forcache

import (
	"errors"
	"runtime"

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
