package scenarios

import (
	"errors"
	"fmt"
	"runtime"
	"weak"

	"racebench/internal/cache"
	"racebench/internal/model"
	"racebench/internal/noise"
	"racebench/internal/protocol"
)

// loadError is the error of one load.
type loadError struct{ flight int64 }

func (loadError) Error() string { return "the load failed" }

// loadsBegin is the number of the first flight: a value at or above it was
// loaded, one below was put.
const loadsBegin = 1 << 20

// flightEnd is the end of one load, as the goroutine that ran it saw it.
type flightEnd struct {
	key, flight   int64
	called, after int64 // the last instant inside load; the first that is too late
	failed        bool
	client        int
}

// cacheClient records what one client does with a cache.
type cacheClient struct {
	*Client
	cache *cache.Cache[int64, int64]
	ends  []flightEnd
	// sharers are the callers that got what another's load returned, and when
	// they had it: storing it comes before.
	sharers []flightEnd
}

func (c *cacheClient) get(key int64) {
	called := c.now()
	v, ok := c.cache.Get(key)
	c.record(called, model.CacheGet, []int64{key}, []int64{bit(ok), v})
}

func (c *cacheClient) put(key, value int64) {
	called := c.now()
	c.cache.Put(key, value)
	c.record(called, model.CachePut, []int64{key, value}, nil)
}

func (c *cacheClient) remove(key int64) {
	called := c.now()
	ok := c.cache.Delete(key)
	c.record(called, model.CacheDelete, []int64{key}, []int64{bit(ok)})
}

func (c *cacheClient) length() {
	called := c.now()
	n := c.cache.Len()
	c.record(called, model.CacheLen, nil, []int64{int64(n)})
}

func (c *cacheClient) stats() {
	called := c.now()
	s := c.cache.Stats()
	c.record(called, model.CacheStats, nil, cacheStats(s))
}

func cacheStats(s cache.Stats) []int64 {
	return []int64{int64(s.Hits), int64(s.Misses), int64(s.Evictions), int64(s.Len), int64(s.Capacity)}
}

func (c *cacheClient) clear() {
	called := c.now()
	c.cache.Clear()
	c.record(called, model.CacheClear, nil, nil)
}

// load calls GetOrLoad with a load of the given number, which may fail.
func (c *cacheClient) load(key, flight int64, fails bool) {
	called := c.now()
	ran := false
	var began, ended int64
	v, err := c.cache.GetOrLoad(key, func(int64) (int64, error) {
		began = c.now()
		ran = true
		if c.rng.IntN(2) == 0 {
			runtime.Gosched()
		}
		defer func() { ended = c.now() }()
		if fails {
			return 0, loadError{flight}
		}
		return flight, nil
	})
	returned := c.now()
	var failed loadError
	switch {
	case ran:
		if fails != errors.As(err, &failed) || failed.flight != flight && fails || !fails && v != flight {
			c.t.fail("C11", "a caller did not get what its own load returned", flight, found(v, err == nil))
		}
		c.ops = append(c.ops, protocol.Operation{
			Call: called, Return: began, Name: model.CacheLoadLead, In: []int64{key, flight},
		})
		c.ends = append(c.ends, flightEnd{
			key: key, flight: flight, called: ended, after: returned, failed: fails, client: c.id,
		})
	case errors.As(err, &failed):
		c.ops = append(c.ops, protocol.Operation{
			Call: called, Return: returned, Name: model.CacheLoadJoin, In: []int64{key, failed.flight},
		})
		c.sharers = append(c.sharers, flightEnd{flight: failed.flight, after: returned})
	case err != nil:
		c.t.fail("C11", "GetOrLoad returned an error that no load returned", "the error of a load", err)
	default:
		c.ops = append(c.ops, protocol.Operation{
			Call: called, Return: returned, Name: model.CacheLoadGot, In: []int64{key}, Out: []int64{v},
		})
		c.sharers = append(c.sharers, flightEnd{flight: v, after: returned})
	}
	c.step()
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// cacheHistories records small histories, each of a cache of its own.
func cacheHistories(loads bool) func(t *T) {
	return func(t *T) {
		for range t.size(5, 1) {
			cacheHistory(t, loads)
		}
	}
}

func cacheHistory(t *T, loads bool) {
	capacity := int64(1 + t.rng.IntN(3))
	keys := int(capacity) + t.rng.IntN(2)
	capacity = int64(t.capacity(int(capacity)))
	clears := t.rng.IntN(2) == 0
	c := cache.New[int64, int64](int(capacity))
	var crew []*cacheClient
	for id := range min(t.clients(3), 4) {
		me := &cacheClient{cache: c}
		crew = append(crew, me)
		t.add(1, func(cl *Client) {
			me.Client = cl
			// A client that does one thing only is ordered by nothing else.
			only := cl.rng.IntN(12)
			for i := range t.size(7, 3) {
				unique := int64(id*100 + i)
				key := int64(cl.key(keys))
				op := cl.rng.IntN(8)
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
						me.load(key, loadsBegin+unique, cl.rng.IntN(4) == 0)
					} else {
						me.get(key)
					}
				default:
					me.put(key, unique+1)
				}
			}
		})
	}
	t.run()
	t.history(model.Cache, []int64{capacity}, loadEnds(crew)...)
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

// boulder is something whose memory can be watched.
type boulder struct {
	id int
	_  *boulder // with a pointer it is not packed together with its neighbours
	_  [6]int
}

// retained tells how many of the boulders are still reachable.
func retained(of []weak.Pointer[boulder]) int {
	runtime.GC()
	n := 0
	for _, w := range of {
		if w.Value() != nil {
			n++
		}
	}
	return n
}

// cacheMemory uses far more keys than the cache holds, and asks the garbage
// collector how many of them are still referred to.
func cacheMemory(t *T) {
	const capacity, many = 4, 500
	c := cache.New[*boulder, *boulder](capacity)
	var all []weak.Pointer[boulder]
	fresh := func() *boulder {
		b := &boulder{id: len(all)}
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
			_, _ = c.GetOrLoad(key, func(*boulder) (*boulder, error) { return fresh(), nil })
			c.Delete(key)
		default:
			_, _ = c.GetOrLoad(key, func(*boulder) (*boulder, error) { return fresh(), errLoad })
		}
		t.step()
	}
	// A buffer that is cleaned up now and then may keep some of them.
	if kept := retained(all); kept > len(all)/4 {
		t.fail("G4", "keys and values that the cache no longer holds cannot be collected",
			fmt.Sprintf("about %d of %d", 2*capacity, len(all)), kept)
	}
	runtime.KeepAlive(c)
	small := cache.New[int, int](capacity)
	grows(t, "Cache", func(i int) {
		key := 8 * i
		small.Put(key, i)
		small.Delete(key)
		small.Put(key+1, i)
		_, _ = small.GetOrLoad(key+2, func(int) (int, error) { small.Delete(key + 2); return i, nil })
		_, _ = small.GetOrLoad(key+3, func(int) (int, error) { small.Put(key+3, i); return i, nil })
		_, _ = small.GetOrLoad(key+4, func(int) (int, error) { return 0, errLoad })
		small.Get(key + 5)
		small.Delete(key + 6)
	})
	runtime.KeepAlive(small)
	var caches []weak.Pointer[cache.Cache[int, int]]
	for range copies {
		one := cache.New[int, int](capacity)
		one.Put(1, 1)
		_, _ = one.GetOrLoad(2, func(int) (int, error) { return 2, nil })
		caches = append(caches, weak.Make(one))
		t.step()
	}
	forgotten(t, caches)
}

// copies is how many instances are made to see whether they are left behind.
const copies = 24

// forgotten checks that instances that nobody refers to can be collected. A few
// may be left on a stack.
func forgotten[C any](t *T, of []weak.Pointer[C]) {
	kept := 0
	for range 3 {
		kept = 0
		runtime.GC()
		for _, w := range of {
			if w.Value() != nil {
				kept++
			}
		}
		if kept == 0 {
			return
		}
		runtime.Gosched()
	}
	if kept > len(of)/2 {
		t.fail("G4", "instances that nobody uses any longer cannot be collected", fmt.Sprintf("few of %d", len(of)), kept)
	}
}

// grows calls f many times, in one execution of ten, and checks that what is in
// use afterwards does not grow with the number of calls. The keys of a cache are
// numbers here, of which a component can keep traces that hold nothing.
func grows(t *T, component string, f func(i int)) {
	const warm, rounds = 1 << 12, 4
	if t.rng.IntN(10) > 0 {
		return // it takes long, and needs no luck
	}
	noise.Set(0, noise.Off)
	for i := range warm {
		f(i)
	}
	first := inUse()
	before, calls := first, warm
	for range rounds {
		// Each round doubles the calls, as a map that is too small doubles.
		for i := range calls {
			f(calls + i)
			if i%1024 == 0 {
				t.step()
			}
		}
		// Whatever is kept of every call is a word at least. What comes and goes by
		// chance, such as what another goroutine has not let go of yet, grows once,
		// and not again each time.
		after := inUse()
		if after < before+4*uint64(calls) {
			return
		}
		before, calls = after, 2*calls
	}
	t.fail("G4", component+" holds memory in proportion to the number of calls",
		fmt.Sprintf("about %d bytes, as before %d calls", first, calls-warm), before)
}

// inUse is the number of bytes on the heap that somebody refers to.
func inUse() uint64 {
	runtime.GC()
	runtime.GC() // what a sync.Pool holds lives for two collections
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
