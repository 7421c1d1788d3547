package forcache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"racebench/internal/scenarios/harness"
)

// cacheInterplay keeps several loads in flight, overtaken ones among them, and
// takes one step after the other while everybody waits: so every answer, and the
// statistics after every step, are known exactly. What is left to chance is what
// comes next, of which types keys and values are, and how loads end.
func cacheInterplay(t *harness.T) {
	for range t.Size(3, 1) {
		kinds := []func(){
			func() {
				play(t, strconv.Itoa, func(n int) error {
					if n%3 == 0 {
						return nil
					}
					return loadError{int64(n)}
				})
			},
			func() {
				// Equal keys that do not look it, and values that cannot be compared.
				play(t, func(i int) float64 {
					if i == 0 {
						return math.Copysign(0, float64(t.Rand.IntN(2))-0.5)
					}
					return float64(i)
				}, func(n int) []int {
					if n%3 == 0 {
						return nil
					}
					return []int{n}
				})
			},
			func() {
				keys := []any{nil, 0, "", false, struct{}{}}
				play(t, func(i int) any { return keys[i] }, func(n int) any {
					return []any{nil, n, strconv.Itoa(n), []int{n}, loadError{int64(n)}}[n%5]
				})
			},
			func() {
				pointers := []*int{nil, new(int), new(int), new(int), new(int)}
				play(t, func(i int) *int { return pointers[i] }, func(int) struct{} { return struct{}{} })
			},
			func() { play(t, func(i int) int { return i }, func(n int) int { return n }) },
		}
		kinds[t.Rand.IntN(len(kinds))]()
		if t.GaveUp() {
			return
		}
	}
}

// reply is what one call of GetOrLoad came back with.
type reply[V any] struct {
	value    V
	err      error
	panicked any
	loads    bool           // whether load was called; to be read when entered is open
	entered  *harness.Latch // opened inside the load, or where there is none at the end
	done     *harness.Latch
}

// flying is a load in flight.
type flying[V any] struct {
	key    int
	orders chan func() // to be done inside the load, which ends when it is closed
	value  V
	err    error
	boom   any // what to panic with, or nil
	leader *reply[V]
	joined []*reply[V]
}

// player knows what a cache holds, and drives it.
type player[K comparable, V any] struct {
	*harness.T
	cache Cache[K, V]
	key   func(int) K
	value func(int) V

	numbers int // of values so far
	order   []int
	holds   map[int]V
	stats   Stats
	current map[int]*flying[V] // what callers share
	aloft   []*flying[V]       // overtaken or not
}

// play plays one game with keys and values of one kind: key makes those of the
// numbers below five, value those of any number.
func play[K comparable, V any](t *harness.T, key func(int) K, value func(int) V) {
	capacity := 1 + t.Rand.IntN(3)
	p := &player[K, V]{
		T: t, cache: newCache[K, V](capacity), key: key, value: value,
		holds: make(map[int]V), stats: Stats{Capacity: capacity}, current: make(map[int]*flying[V]),
	}
	keys := 2 + t.Rand.IntN(min(capacity+1, 3))
	for range t.Size(36, 7) {
		if !p.step(keys) {
			break
		}
	}
	for len(p.aloft) > 0 && !t.GaveUp() {
		if !p.land(t.Rand.IntN(len(p.aloft))) {
			break
		}
	}
	// Nobody waits for ever, also where nothing more can be concluded.
	for _, f := range p.aloft {
		close(f.orders)
	}
	for key := 0; key < keys && !t.GaveUp(); key++ {
		p.get(key)
	}
}

// step takes one step. False ends the game.
func (p *player[K, V]) step(keys int) bool {
	key := p.Rand.IntN(keys)
	// What a load does to its cache is no different from what others do.
	do := func(f func()) { f() }
	if n := len(p.aloft); n > 0 && p.Rand.IntN(3) == 0 {
		do = p.aloft[p.Rand.IntN(n)].inside(p.T)
	}
	switch p.Rand.IntN(20) {
	case 0, 1:
		do(func() { p.get(key) })
	case 2, 3:
		do(func() { p.put(key) })
	case 4, 5, 6:
		do(func() { p.remove(key) })
	case 7:
		if p.Rand.IntN(2) == 0 {
			do(p.clear)
		} else {
			p.Linger()
		}
	case 8, 9, 10, 11:
		if n := len(p.aloft); n > 0 && !p.land(p.Rand.IntN(n)) {
			return false
		}
	default:
		if !p.load(key) {
			return false
		}
	}
	p.Step()
	if p.GaveUp() {
		return false
	}
	harness.Equal(p.T, "C8", "the statistics, while everybody waits", p.stats, p.cache.Stats())
	harness.Equal(p.T, "C5", "Len, while everybody waits", p.stats.Len, p.cache.Len())
	return !p.GaveUp()
}

// inside has something done by the goroutine that runs the load.
func (f *flying[V]) inside(t *harness.T) func(func()) {
	return func(what func()) {
		done := harness.NewLatch()
		f.orders <- func() {
			defer done.Open()
			defer func() {
				if r := recover(); r != nil {
					t.Fail("C11", "a method panicked that was called from inside a load", "no panic", r)
				}
			}()
			what()
		}
		t.Await(done)
	}
}

// fresh is a value that was not there before, if there are as many.
func (p *player[K, V]) fresh() V {
	p.numbers++
	return p.value(p.numbers - 1)
}

// same compares values by what they print as: they need not be comparable.
func same[V any](a, b V) bool { return fmt.Sprintf("%#v", a) == fmt.Sprintf("%#v", b) }

// check reports an answer that is not as it must be.
func (p *player[K, V]) check(contract, what string, want V, wantOK bool, got V, ok bool) {
	if ok != wantOK || !same(want, got) {
		p.Fail(contract, what+", while everybody waits", found(want, wantOK), found(got, ok))
	}
}

func (p *player[K, V]) count(hit bool) {
	if hit {
		p.stats.Hits++
	} else {
		p.stats.Misses++
	}
}

func (p *player[K, V]) get(key int) {
	want, present := p.holds[key]
	p.count(present)
	v, ok := p.cache.Get(p.key(key))
	p.check("C2", "Get", want, present, v, ok)
}

func (p *player[K, V]) put(key int) {
	value := p.fresh()
	delete(p.current, key)
	p.store(key, value)
	p.cache.Put(p.key(key), value)
}

// store is what is known of storing.
func (p *player[K, V]) store(key int, value V) {
	if _, present := p.holds[key]; !present {
		if len(p.order) == p.stats.Capacity {
			delete(p.holds, p.order[0])
			p.order = p.order[1:]
			p.stats.Evictions++
		}
		p.order = append(p.order, key)
		p.stats.Len = len(p.order)
	}
	p.holds[key] = value
}

func (p *player[K, V]) remove(key int) {
	_, present := p.holds[key]
	delete(p.current, key)
	delete(p.holds, key)
	p.order = slices.DeleteFunc(p.order, func(k int) bool { return k == key })
	p.stats.Len = len(p.order)
	harness.Equal(p.T, "C6", "Delete, while everybody waits", present, p.cache.Delete(p.key(key)))
}

func (p *player[K, V]) clear() {
	clear(p.current)
	clear(p.holds)
	p.order = nil
	p.stats = Stats{Capacity: p.stats.Capacity}
	p.cache.Clear()
}

// aloftAtMost bounds the loads in flight at once, and the callers who wait for one.
const aloftAtMost = 4

// load calls GetOrLoad. False ends the game.
func (p *player[K, V]) load(key int) bool {
	if want, present := p.holds[key]; present {
		p.stats.Hits++
		v, err := p.cache.GetOrLoad(p.key(key), func(K) (V, error) {
			p.Fail("C10", "load ran although the key is present", "no call of load", "a call of load")
			return want, nil
		})
		p.check("C10", "GetOrLoad of a present key", want, true, v, err == nil)
		return true
	}
	if f := p.current[key]; f != nil {
		if len(f.joined) == aloftAtMost {
			return true
		}
		p.stats.Misses++
		r := newReply[V]()
		p.call(key, f, r, func(K) (V, error) {
			return p.value(0), errors.New("a caller that found a load in flight ran its own")
		})
		// Who has not arrived by then may arrive at any time, even after the load
		// has ended: nothing more can be concluded, and nothing from his answer.
		if !sees(p.T, func() bool { return p.cache.Stats().Misses >= p.stats.Misses }) {
			return false
		}
		f.joined = append(f.joined, r)
		return true
	}
	if len(p.aloft) == aloftAtMost {
		return true
	}
	p.stats.Misses++
	f := &flying[V]{key: key, orders: make(chan func())}
	p.current[key] = f
	p.aloft = append(p.aloft, f)
	f.leader = newReply[V]()
	p.call(key, f, f.leader, func(K) (V, error) {
		f.leader.loads = true
		f.leader.entered.Open()
		for order := range f.orders {
			order()
		}
		if f.boom != nil {
			panic(f.boom)
		}
		return f.value, f.err
	})
	if !p.Await(f.leader.entered) {
		return false
	}
	if !f.leader.loads {
		p.Fail("C10", "GetOrLoad of an absent key that nobody loads returned without a call of load", "a call of load",
			found(f.leader.value, f.leader.err == nil))
	}
	return !p.GaveUp()
}

func newReply[V any]() *reply[V] {
	return &reply[V]{entered: harness.NewLatch(), done: harness.NewLatch()}
}

// call calls GetOrLoad on a goroutine of its own, for r.
func (p *player[K, V]) call(key int, f *flying[V], r *reply[V], load func(K) (V, error)) {
	at := p.key(key)
	p.Spawn(func(cl *harness.Client) {
		defer r.done.Open()
		defer r.entered.Open()
		defer func() {
			// What does not come from the load is none of its caller's answers.
			if r.panicked = recover(); r.panicked != nil && r.panicked != f.boom {
				panic(r.panicked)
			}
		}()
		r.value, r.err = p.cache.GetOrLoad(at, load)
		cl.Step()
	})
}

// noError is an error also where it is a nil pointer.
type noError struct{}

func (*noError) Error() string { return "an error that is a nil pointer" }

// The ways in which loads fail: none of them is to be told from the others.
var (
	failures = []error{errLoad, context.Canceled, context.DeadlineExceeded, io.EOF, fmt.Errorf("wrapped: %w", errLoad), (*noError)(nil)}
	booms    = []any{bang{"in interplay"}, errLoad, context.Canceled, "text", 7}
)

// land ends a load, and looks at what those got who waited for it. False ends
// the game.
func (p *player[K, V]) land(i int) bool {
	f := p.aloft[i]
	p.aloft = slices.Delete(p.aloft, i, i+1)
	f.value = p.fresh()
	switch p.Rand.IntN(6) {
	case 0:
		f.err = failures[p.Rand.IntN(len(failures))]
	case 1:
		f.boom = booms[p.Rand.IntN(len(booms))]
	}
	if p.current[f.key] == f {
		delete(p.current, f.key)
		if f.err == nil && f.boom == nil {
			p.store(f.key, f.value)
		}
	}
	close(f.orders)
	if !p.Await(f.leader.done) {
		return false
	}
	switch {
	case f.boom != nil && f.leader.panicked != f.boom:
		p.Fail("C14", fmt.Sprintf("the caller whose load panicked with a %T did not panic with it", f.boom),
			f.boom, found(f.leader.value, f.leader.err == nil))
	case f.boom == nil && f.leader.err != f.err:
		p.Fail("C13", "the caller that ran a load did not get its error", f.err, f.leader.err)
	case f.boom == nil && f.err == nil:
		p.check("C11", "the caller that ran a load", f.value, true, f.leader.value, true)
	}
	for _, r := range f.joined {
		if !p.Await(r.done) {
			return false
		}
		switch {
		case r.panicked != nil:
			p.Fail("C14", "a caller that waited for a load panicked", "a non-nil error", r.panicked)
		case f.boom != nil && r.err == nil:
			p.Fail("C14", "a caller that waited for a load that panicked got no error", "a non-nil error", r.err)
		case f.boom == nil && r.err != f.err:
			p.Fail("C11", "a caller that waited for a load did not get its error", f.err, r.err)
		case f.boom == nil:
			p.check("C11", "a caller that waited for a load", f.leader.value, true, r.value, true)
		}
	}
	return !p.GaveUp()
}
