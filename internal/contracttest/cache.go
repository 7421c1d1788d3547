package contracttest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"
)

// CacheStats is what cache.Stats has to look like.
type CacheStats interface {
	~struct {
		Hits, Misses, Evictions uint64
		Len, Capacity           int
	}
	HitRate() float64
}

// Cache is what *cache.Cache[int, int] has to look like.
type Cache[S CacheStats] interface {
	Get(key int) (int, bool)
	Put(key, value int)
	GetOrLoad(key int, load func(int) (int, error)) (int, error)
	Delete(key int) bool
	Len() int
	Stats() S
	Clear()
}

// cacheStats is a CacheStats of our own.
type cacheStats struct {
	Hits, Misses, Evictions uint64
	Len, Capacity           int
}

// cacheModel is the cache's sequential model. A flight is named by a number.
type cacheModel struct {
	capacity                int
	order                   []int // keys, the one inserted earliest first
	values                  map[int]int
	flights                 map[int]int
	hits, misses, evictions uint64
}

func newCacheModel(capacity int) *cacheModel {
	return &cacheModel{capacity: capacity, values: map[int]int{}, flights: map[int]int{}}
}

func (m *cacheModel) clone() *cacheModel {
	c := *m
	c.order, c.values, c.flights = slices.Clone(m.order), maps.Clone(m.values), maps.Clone(m.flights)
	return &c
}

func (m *cacheModel) equal(o *cacheModel) bool {
	return m.stats() == o.stats() && slices.Equal(m.order, o.order) &&
		maps.Equal(m.values, o.values) && maps.Equal(m.flights, o.flights)
}

func (m *cacheModel) stats() cacheStats {
	return cacheStats{m.hits, m.misses, m.evictions, len(m.order), m.capacity}
}

func (m *cacheModel) get(key int) (int, bool) {
	value, ok := m.values[key]
	if ok {
		m.hits++
	} else {
		m.misses++
	}
	return value, ok
}

func (m *cacheModel) put(key, value int) {
	delete(m.flights, key)
	if _, ok := m.values[key]; !ok {
		if len(m.order) == m.capacity {
			delete(m.values, m.order[0])
			m.order = m.order[1:]
			m.evictions++
		}
		m.order = append(m.order, key)
	}
	m.values[key] = value
}

func (m *cacheModel) remove(key int) bool {
	delete(m.flights, key)
	_, ok := m.values[key]
	delete(m.values, key)
	m.order = slices.DeleteFunc(m.order, func(k int) bool { return k == key })
	return ok
}

// land ends a flight, with a value if its load had no error.
func (m *cacheModel) land(key, flight, value int, err error) {
	if m.flights[key] == flight {
		delete(m.flights, key)
		if err == nil {
			m.put(key, value)
		}
	}
}

var errLoad = errors.New("load failed")

// TestCache tests an implementation of the cache.
func TestCache[S CacheStats](t *testing.T, newCache func(capacity int) Cache[S]) {
	s := cacheSuite[S]{newCache}
	t.Run("Model", s.model)
	t.Run("C1", s.capacityBelowOne)
	t.Run("C2Accounting", s.accounting)
	t.Run("C3Order", s.order)
	t.Run("C5Bound", s.bound)
	t.Run("C8Snapshot", s.snapshot)
	t.Run("C8HitRate", s.hitRate)
	t.Run("C9Linearizable", s.linearizable)
	t.Run("C11SingleFlight", s.singleFlight)
	t.Run("C12StoredBeforeReturn", s.storedBeforeReturn)
	t.Run("C13Error", s.loadError)
	t.Run("C14Panic", s.loadPanic)
	t.Run("C15Overtaken", s.overtaken)
	t.Run("C15OvertakenPanic", s.overtakenPanic)
	t.Run("C15NoStaleFill", s.noStaleFill)
	t.Run("L2", s.getBesideLoad)
}

type cacheSuite[S CacheStats] struct {
	newCache func(capacity int) Cache[S]
}

// model compares random calls with the model; loads make random calls, too.
func (s cacheSuite[S]) model(t *testing.T) {
	FixSeed(t)
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(1, 60)).Draw(t, "capacity")
		r := &cacheRun[S]{
			cache:   s.newCache(capacity),
			model:   newCacheModel(capacity),
			keys:    rapid.IntRange(0, capacity*3/2+2),
			loading: map[int]bool{},
		}
		t.Repeat(map[string]func(*rapid.T){
			"Get":       r.get,
			"Put":       r.put,
			"PutMany":   r.putMany,
			"GetOrLoad": r.getOrLoad,
			"Delete":    r.delete,
			"Clear":     r.clear,
			"":          r.check,
		})
	})
}

// cacheRun is one comparison of a cache with the model.
type cacheRun[S CacheStats] struct {
	cache   Cache[S]
	model   *cacheModel
	keys    *rapid.Generator[int]
	values  int          // the last value put or loaded; each is used once
	loading map[int]bool // keys whose load is on the stack
	flights int          // the last flight
}

func (r *cacheRun[S]) get(t *rapid.T) {
	key := r.keys.Draw(t, "key")
	got, gotOK := r.cache.Get(key)
	if want, ok := r.model.get(key); got != want || gotOK != ok {
		t.Fatalf("Get(%d) = %d, %v, want %d, %v", key, got, gotOK, want, ok)
	}
}

func (r *cacheRun[S]) put(t *rapid.T) {
	key := r.keys.Draw(t, "key")
	r.values++
	r.cache.Put(key, r.values)
	r.model.put(key, r.values)
}

func (r *cacheRun[S]) putMany(t *rapid.T) {
	for key := range r.keys.Draw(t, "keys") {
		r.values++
		r.cache.Put(key, r.values)
		r.model.put(key, r.values)
	}
}

func (r *cacheRun[S]) delete(t *rapid.T) {
	key := r.keys.Draw(t, "key")
	if got, want := r.cache.Delete(key), r.model.remove(key); got != want {
		t.Fatalf("Delete(%d) = %v, want %v", key, got, want)
	}
}

func (r *cacheRun[S]) clear(*rapid.T) {
	r.cache.Clear()
	r.model = newCacheModel(r.model.capacity)
}

func (r *cacheRun[S]) check(t *rapid.T) {
	got, want := r.cache.Stats(), r.model.stats()
	if cacheStats(got) != want {
		t.Fatalf("Stats() = %+v, want %+v", got, want)
	}
	if n := r.cache.Len(); n != want.Len {
		t.Fatalf("Len() = %d, want %d", n, want.Len)
	}
}

// getOrLoad draws what a load does and how it ends, if there is to be one.
func (r *cacheRun[S]) getOrLoad(t *rapid.T) {
	key := r.keys.Draw(t, "key")
	if r.loading[key] || len(r.loading) == 3 {
		return // outside the contract, or deep enough
	}
	want, hit := r.model.get(key)
	var wantErr error
	var wantPanic any

	var got int
	var gotErr error
	gotPanic, _ := recovered(func() {
		got, gotErr = r.cache.GetOrLoad(key, func(k int) (int, error) {
			if hit || k != key {
				t.Fatalf("load of %d called for %d, present: %v", k, key, hit)
			}
			r.flights++
			flight := r.flights
			r.model.flights[key] = flight
			r.loading[key] = true
			for _, act := range rapid.SliceOfN(rapid.SampledFrom([]func(*rapid.T){
				r.get, r.put, r.getOrLoad, r.delete, r.clear, r.check,
			}), 0, 3).Draw(t, "during the load") {
				act(t)
			}
			delete(r.loading, key)
			r.values++
			want = r.values
			switch rapid.SampledFrom([]string{"value", "value", "error", "panic"}).Draw(t, "load ends with") {
			case "error":
				wantErr = errLoad
			case "panic":
				want, wantErr, wantPanic = 0, errLoad, fmt.Sprint("panic ", want)
			}
			r.model.land(key, flight, want, wantErr)
			if wantPanic != nil {
				panic(wantPanic)
			}
			return want, wantErr
		})
	})
	if gotPanic != wantPanic {
		if wantPanic == nil {
			panic(gotPanic) // rapid's own, most likely
		}
		t.Fatalf("GetOrLoad(%d) panics with %v, want %v", key, gotPanic, wantPanic)
	}
	if wantPanic == nil && (got != want || gotErr != wantErr) {
		t.Fatalf("GetOrLoad(%d) = %d, %v, want %d, %v", key, got, gotErr, want, wantErr)
	}
}

func (s cacheSuite[S]) capacityBelowOne(t *testing.T) {
	mustPanic(t, func() { s.newCache(0) })
	mustPanic(t, func() { s.newCache(-1) })
	if got := s.newCache(1).Stats(); cacheStats(got) != (cacheStats{Capacity: 1}) {
		t.Errorf("Stats() of a new cache = %+v", got)
	}
}

func (s cacheSuite[S]) hitRate(t *testing.T) {
	c := s.newCache(2)
	if got := c.Stats().HitRate(); got != 0 {
		t.Errorf("HitRate() of nothing = %v, want 0", got)
	}
	c.Put(1, 1)
	c.Get(1)
	c.Get(1)
	c.Get(1)
	c.Get(2)
	if got := c.Stats().HitRate(); got != 0.75 {
		t.Errorf("HitRate() of 3 hits and 1 miss = %v, want 0.75", got)
	}
}

func (s cacheSuite[S]) accounting(t *testing.T) {
	const goroutines, each = 4, 4000
	c := s.newCache(50)
	var hits, misses atomic.Uint64
	var done sync.WaitGroup
	for g := range goroutines {
		done.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(g)))
			for range each {
				key := r.IntN(100)
				switch value, ok := c.Get(key); {
				case !ok:
					misses.Add(1)
					c.Put(key, -key)
				case value != -key:
					t.Errorf("Get(%d) = %d: a foreign value", key, value)
				default:
					hits.Add(1)
				}
			}
		})
	}
	done.Wait()
	got := cacheStats(c.Stats())
	if got.Hits != hits.Load() || got.Misses != misses.Load() {
		t.Errorf("Stats() = %+v, want %d hits and %d misses", got, hits.Load(), misses.Load())
	}
}

// snapshot looks at the statistics while a goroutine finds a key and misses
// another in turns: it has had as many hits as misses, or one more.
func (s cacheSuite[S]) snapshot(t *testing.T) {
	const capacity, pairs = 32, 20_000
	c := s.newCache(capacity)
	for key := range capacity {
		c.Put(key, key)
	}
	var done sync.WaitGroup
	var ended atomic.Bool
	done.Go(func() {
		defer ended.Store(true)
		for i := range pairs {
			pair := i / 100 % capacity // for a while the same
			c.Get(pair)
			c.Get(capacity + pair)
		}
	})
	for !ended.Load() {
		got := cacheStats(c.Stats())
		if more := got.Hits - got.Misses; more > 1 {
			t.Errorf("torn: %+v", got)
			break
		}
	}
	done.Wait()
}

// order puts keys of their own on several goroutines. Whatever the schedule, the
// capacity is used up, all others are evicted, and of the keys of one goroutine
// those are left that it put last.
func (s cacheSuite[S]) order(t *testing.T) {
	const goroutines, each, capacity = 4, 1000, 150
	c := s.newCache(capacity)
	var done sync.WaitGroup
	for g := range goroutines {
		done.Go(func() {
			for i := range each {
				c.Put(g*each+i, i)
			}
		})
	}
	done.Wait()
	want := cacheStats{Evictions: goroutines*each - capacity, Len: capacity, Capacity: capacity}
	if got := cacheStats(c.Stats()); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
	left := 0
	for g := range goroutines {
		found := false
		for i := range each {
			_, ok := c.Get(g*each + i)
			if found && !ok {
				t.Errorf("goroutine %d: key %d was evicted before the one put before it", g, i)
			}
			found = ok
			if ok {
				left++
			}
		}
	}
	if left != capacity {
		t.Errorf("%d keys are left, want %d", left, capacity)
	}
}

func (s cacheSuite[S]) bound(t *testing.T) {
	const capacity = 20
	c := s.newCache(capacity)
	var done sync.WaitGroup
	for g := range 3 {
		done.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(g)))
			for i := range 4000 {
				switch key := r.IntN(3 * capacity); r.IntN(8) {
				case 0:
					c.Delete(key)
				case 1, 2:
					_, _ = c.GetOrLoad(key, func(int) (int, error) { return i, nil })
				default:
					c.Put(key, i)
				}
			}
		})
	}
	for range 4000 {
		if n := c.Len(); n > capacity || n < 0 {
			t.Errorf("Len() = %d", n)
		}
		if got := cacheStats(c.Stats()); got.Len > capacity || got.Capacity != capacity {
			t.Errorf("Stats() = %+v", got)
		}
	}
	done.Wait()
}

// cacheInput is one step: a call, or a half of GetOrLoad.
type cacheInput struct {
	call       string
	key, value int
	err        error
}

// cacheOutput is what a step returned.
type cacheOutput struct {
	value int
	ok    bool
	stats cacheStats
}

// linearizable checks histories of every method. A GetOrLoad that ran its load
// is two steps, "depart" and "land"; any other is the step "receive", of a value
// that was present or of that of a flight. Every load has a value of its own,
// which names the flight.
func (s cacheSuite[S]) linearizable(t *testing.T) {
	const capacity = 3
	model := porcupine.Model{
		Init: func() any { return newCacheModel(capacity) },
		Step: func(state, input, output any) (bool, any) {
			m := state.(*cacheModel).clone()
			in, out := input.(cacheInput), output.(cacheOutput)
			switch in.call {
			case "get":
				value, ok := m.get(in.key)
				return value == out.value && ok == out.ok, m
			case "put":
				m.put(in.key, in.value)
				return true, m
			case "delete":
				return m.remove(in.key) == out.ok, m
			case "len":
				return len(m.order) == out.value, m
			case "stats":
				return m.stats() == out.stats, m
			case "clear":
				return true, newCacheModel(capacity)
			case "depart":
				_, hit := m.get(in.key)
				_, flying := m.flights[in.key]
				m.flights[in.key] = in.value
				return !hit && !flying, m
			case "land":
				m.land(in.key, in.value, in.value, in.err)
				return true, m
			default: // receive
				value, hit := m.get(in.key)
				if !hit {
					value = m.flights[in.key]
				}
				return value == out.value && !(hit && in.err != nil), m
			}
		},
		Equal: func(a, b any) bool { return a.(*cacheModel).equal(b.(*cacheModel)) },
	}
	var c Cache[S]
	var values atomic.Int64
	begin := func() { c = s.newCache(capacity) }
	calls := []string{"get", "get", "put", "put", "delete", "len", "stats", "clear", "load", "load", "load"}
	checkLinearizable(t, model, begin, func(r *rand.Rand, log *recorder) {
		in := cacheInput{call: calls[r.IntN(len(calls))], key: r.IntN(capacity + 2), value: int(values.Add(1))}
		var out cacheOutput
		call := log.now()
		switch in.call {
		case "get":
			out.value, out.ok = c.Get(in.key)
		case "put":
			c.Put(in.key, in.value)
		case "delete":
			out.ok = c.Delete(in.key)
		case "len":
			out.value = c.Len()
		case "stats":
			out.stats = cacheStats(c.Stats())
		case "clear":
			c.Clear()
		case "load":
			if r.IntN(4) == 0 {
				in.err = errLoad
			}
			ran := false
			value, err := c.GetOrLoad(in.key, func(int) (int, error) {
				ran = true
				log.add(call, cacheInput{call: "depart", key: in.key, value: in.value}, out)
				call = log.now()
				return in.value, in.err
			})
			switch {
			case ran && (value != in.value || err != in.err):
				t.Errorf("a load of %d, %v led to %d, %v", in.value, in.err, value, err)
			case ran:
				in.call = "land"
			default:
				in.call, in.err, out.value = "receive", err, value
			}
		}
		log.add(call, in, out)
	})
}

// flight is a load of one key that the test holds open, and the callers of
// GetOrLoad who got or wait for its result.
type flight[S CacheStats] struct {
	cache Cache[S]
	key   int
	end   chan func() (int, error) // what the load does when it ends
	loads atomic.Int64             // how often the load was called

	mu       sync.Mutex
	outcomes []outcome
}

// outcome is what GetOrLoad returned, or panicked with.
type outcome struct {
	value    int
	err      error
	panicked any
}

// newFlight starts callers of GetOrLoad for an absent key in a synctest bubble,
// and returns when they all wait.
func (s cacheSuite[S]) newFlight(c Cache[S], key, callers int) *flight[S] {
	f := &flight[S]{cache: c, key: key, end: make(chan func() (int, error))}
	f.call(callers)
	return f
}

// call starts more callers, and returns when they all wait or have returned.
func (f *flight[S]) call(callers int) {
	for range callers {
		go func() {
			var o outcome
			o.panicked, _ = recovered(func() {
				o.value, o.err = f.cache.GetOrLoad(f.key, func(int) (int, error) {
					f.loads.Add(1)
					return (<-f.end)()
				})
			})
			f.mu.Lock()
			f.outcomes = append(f.outcomes, o)
			f.mu.Unlock()
		}()
	}
	synctest.Wait()
}

// land lets one load return, and returns when those have who waited for it.
func (f *flight[S]) land(value int, err error) {
	f.end <- func() (int, error) { return value, err }
	synctest.Wait()
}

// crash lets one load panic, and returns when those have returned who waited for
// it.
func (f *flight[S]) crash(value any) {
	f.end <- func() (int, error) { panic(value) }
	synctest.Wait()
}

// check compares the number of loads and the outcomes so far, and forgets them.
func (f *flight[S]) check(t *testing.T, loads int64, want ...outcome) {
	t.Helper()
	if got := f.loads.Swap(0); got != loads {
		t.Errorf("%d loads, want %d", got, loads)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.outcomes, want) {
		t.Errorf("callers got %v, want %v", f.outcomes, want)
	}
	f.outcomes = nil
}

// checkGet compares what is stored for a key with a value, 0 for none.
func checkGet[S CacheStats](t *testing.T, c Cache[S], key, want int) {
	t.Helper()
	if got, ok := c.Get(key); got != want || ok != (want != 0) {
		t.Errorf("Get(%d) = %d, %v, want %d", key, got, ok, want)
	}
}

func (s cacheSuite[S]) singleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := s.newCache(2)
		f := s.newFlight(c, 1, 5)
		f.check(t, 1)
		want := cacheStats{Misses: 5, Capacity: 2}
		if got := cacheStats(c.Stats()); got != want {
			t.Errorf("Stats() = %+v, want %+v", got, want)
		}
		f.land(7, nil)
		f.check(t, 0, slices.Repeat([]outcome{{value: 7}}, 5)...)
		f.call(1)
		f.check(t, 0, outcome{value: 7})
		want.Hits, want.Len = 1, 1
		if got := cacheStats(c.Stats()); got != want {
			t.Errorf("Stats() = %+v, want %+v", got, want)
		}
	})
}

// storedBeforeReturn looks the key up at once when GetOrLoad has returned, while
// others keep the cache's locks busy, so that storing takes its time.
func (s cacheSuite[S]) storedBeforeReturn(t *testing.T) {
	const keys = 500
	c := s.newCache(keys)
	stop := make(chan struct{})
	var others, callers sync.WaitGroup
	for range 2 {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					c.Stats()
				}
			}
		})
	}
	for key := range keys {
		for range 3 {
			callers.Go(func() {
				_, _ = c.GetOrLoad(key, func(int) (int, error) {
					runtime.Gosched() // lets the others arrive
					return -key, nil
				})
				if value, ok := c.Get(key); !ok || value != -key {
					t.Errorf("Get() after GetOrLoad() = %d, %v, want %d", value, ok, -key)
				}
			})
		}
		callers.Wait()
	}
	close(stop)
	others.Wait()
}

func (s cacheSuite[S]) loadError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := s.newCache(2)
		f := s.newFlight(c, 1, 3)
		f.land(7, errLoad)
		f.check(t, 1, slices.Repeat([]outcome{{value: 7, err: errLoad}}, 3)...)
		checkGet(t, c, 1, 0)
		f.call(2)
		f.land(8, nil)
		f.check(t, 1, slices.Repeat([]outcome{{value: 8}}, 2)...)
		checkGet(t, c, 1, 8)
	})
}

func (s cacheSuite[S]) loadPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := s.newCache(2)
		f := s.newFlight(c, 1, 4)
		f.crash("boom")
		panics, errs := 0, 0
		for _, o := range f.outcomes {
			if o.panicked == "boom" {
				panics++
			} else if o.panicked == nil && o.err != nil {
				errs++
			}
		}
		if panics != 1 || errs != 3 {
			t.Errorf("callers got %v, want 1 panic and 3 errors", f.outcomes)
		}
		checkGet(t, c, 1, 0)
		f.outcomes = nil
		f.call(1)
		f.land(8, nil)
		f.check(t, 2, outcome{value: 8})
		checkGet(t, c, 1, 8)
	})
}

// overtakings are the calls that overtake a load of key 1, and what they store.
func overtakings[S CacheStats]() map[string]struct {
	overtake func(Cache[S])
	stored   int
} {
	type overtaking = struct {
		overtake func(Cache[S])
		stored   int
	}
	return map[string]overtaking{
		"Delete": {func(c Cache[S]) { c.Delete(1) }, 0},
		"Clear":  {func(c Cache[S]) { c.Clear() }, 0},
		"Put":    {func(c Cache[S]) { c.Put(1, 5) }, 5},
		"PutAndDelete": {func(c Cache[S]) {
			c.Put(1, 5)
			c.Delete(1)
		}, 0},
	}
}

// overtaken checks who gets what when a load is overtaken, and the old and the
// new load end in either order.
func (s cacheSuite[S]) overtaken(t *testing.T) {
	for name, o := range overtakings[S]() {
		for _, oldFirst := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/oldFirst=%v", name, oldFirst), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := s.newCache(2)
					older := s.newFlight(c, 1, 3)
					o.overtake(c)
					older.check(t, 1) // they wait on
					if o.stored != 0 {
						older.land(7, nil)
						older.check(t, 0, slices.Repeat([]outcome{{value: 7}}, 3)...)
						checkGet(t, c, 1, o.stored)
						return
					}
					newer := s.newFlight(c, 1, 2)
					if oldFirst {
						older.land(7, nil)
						checkGet(t, c, 1, 0)
						newer.call(1) // shares the newer load
						newer.land(8, nil)
					} else {
						newer.call(1)
						newer.land(8, nil)
						checkGet(t, c, 1, 8)
						older.land(7, nil)
					}
					older.check(t, 0, slices.Repeat([]outcome{{value: 7}}, 3)...)
					newer.check(t, 1, slices.Repeat([]outcome{{value: 8}}, 3)...)
					checkGet(t, c, 1, 8)
				})
			})
		}
	}
}

// overtakenPanic checks that an overtaken load that ends badly leaves the newer
// one alone.
func (s cacheSuite[S]) overtakenPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := s.newCache(2)
		older := s.newFlight(c, 1, 1)
		c.Delete(1)
		newer := s.newFlight(c, 1, 2)
		older.crash("boom")
		older.check(t, 1, outcome{panicked: "boom"})
		newer.call(1)
		newer.land(8, nil)
		newer.check(t, 1, slices.Repeat([]outcome{{value: 8}}, 3)...)
		checkGet(t, c, 1, 8)
	})
}

// noStaleFill deletes, puts and clears while loads of the same key end. A source
// says what is right: it is changed before the cache is told.
func (s cacheSuite[S]) noStaleFill(t *testing.T) {
	for name, invalidate := range map[string]func(Cache[S]){
		"Delete": func(c Cache[S]) { c.Delete(1) },
		"Clear":  func(c Cache[S]) { c.Clear() },
	} {
		t.Run(name, func(t *testing.T) {
			c := s.newCache(2)
			var source atomic.Int64
			var done sync.WaitGroup
			stop := make(chan struct{})
			for range 2 {
				done.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
							_, _ = c.GetOrLoad(1, func(int) (int, error) { return int(source.Load()), nil })
						}
					}
				})
			}
			for version := range 2000 {
				source.Store(int64(version))
				invalidate(c)
				if got, ok := c.Get(1); ok && got != version {
					t.Errorf("Get() = %d after version %d was announced", got, version)
				}
			}
			close(stop)
			done.Wait()
		})
	}
}

func (s cacheSuite[S]) getBesideLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys = 64
		c := s.newCache(keys)
		f := s.newFlight(c, 0, 2)
		// Nothing below can wait for the load, which ends after it.
		for key := 1; key < keys; key++ {
			c.Put(key, key)
			checkGet(t, c, key, key)
			c.Delete(key)
			_, _ = c.GetOrLoad(key, func(int) (int, error) { return key, nil })
		}
		checkGet(t, c, 0, 0)
		if got := c.Len(); got != keys-1 {
			t.Errorf("Len() = %d, want %d", got, keys-1)
		}
		f.land(7, nil)
		f.check(t, 1, outcome{value: 7}, outcome{value: 7})
	})
}
