package forcache

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"racebench/internal/scenarios/harness"
)

// answer is what one call of GetOrLoad came back with.
type answer struct {
	value    int
	err      error
	panicked any
	done     *harness.Latch
}

// getOrLoad calls GetOrLoad on a goroutine of its own. A panic of the load with
// the value boom is part of the answer; any other is a violation.
func getOrLoad(t *harness.T, c Cache[int, int], key int, boom any, load func(int) (int, error)) *answer {
	a := &answer{done: harness.NewLatch()}
	t.Spawn(func(cl *harness.Client) {
		defer a.done.Open()
		defer func() {
			if boom == nil {
				return // a panic passes through
			}
			if r := recover(); r == boom {
				a.panicked = r
			} else if r != nil {
				panic(r)
			}
		}()
		a.value, a.err = c.GetOrLoad(key, load)
		cl.Step()
	})
	return a
}

// heldLoad is a load function that waits inside until it is told to end.
type heldLoad struct {
	t       *harness.T
	value   int
	err     error
	boom    any // what to panic with, or nil
	inside  func()
	entered *harness.Latch
	release *harness.Latch
	calls   atomic.Int64
}

func holdLoad(t *harness.T, value int) *heldLoad {
	return &heldLoad{t: t, value: value, entered: harness.NewLatch(), release: harness.NewLatch()}
}

func (l *heldLoad) load(int) (int, error) {
	l.calls.Add(1)
	if l.inside != nil {
		l.inside()
	}
	l.entered.Open()
	l.t.Await(l.release)
	if l.boom != nil {
		panic(l.boom)
	}
	return l.value, l.err
}

// patience bounds how often a state that should come soon is polled before the
// scenario goes on without having seen it, and concludes less.
const patience = 1 << 13

// sees polls for a condition for a while. False says nothing about the
// component.
func sees(t *harness.T, condition func() bool) bool {
	left := t.Size(patience, 40)
	seen := false
	t.Until(func() bool {
		seen = condition()
		left--
		return seen || left <= 0
	})
	return seen
}

// missed waits until n lookups have missed since the last Clear.
func missed(t *harness.T, c Cache[int, int], n int) bool {
	return sees(t, func() bool { return c.Stats().Misses >= uint64(n) })
}

// forbidden is a load that must not run.
func forbidden(t *harness.T, contract, message string) func(int) (int, error) {
	return func(int) (int, error) {
		t.Fail(contract, message, "no call of load", "a call of load")
		return 0, nil
	}
}

// cacheSingleFlight holds a load open while others ask for the key.
func cacheSingleFlight(t *harness.T) {
	const key, value = 1, 41
	c := newCache[int, int](4)
	l := holdLoad(t, value)
	callers := []*answer{getOrLoad(t, c, key, nil, l.load)}
	if !t.Await(l.entered) {
		return
	}
	n := many(t, t.Clients(2))
	for range n {
		callers = append(callers, getOrLoad(t, c, key, nil,
			forbidden(t, "C11", "a second load of a key ran while the first was in flight")))
	}
	arrived := missed(t, c, n+1)
	if arrived {
		t.Linger()
		for _, a := range callers {
			if a.done.IsOpen() {
				t.Fail("C11", "a caller did not wait for the load in flight", "it waits", "it returned")
			}
		}
		// However long the load takes, who comes now shares it, too.
		callers = append(callers, getOrLoad(t, c, key, nil,
			forbidden(t, "C11", "a second load of a key ran while the first had been in flight for long")))
		n++
		arrived = missed(t, c, n+1)
	}
	if _, ok := c.Get(key); ok {
		t.Fail("C12", "a value was stored before its load ended", "absent", "present")
	}
	if !t.Small() && t.Rand.IntN(12) == 0 {
		time.Sleep(120 * time.Millisecond) // longer than the patience of some
	}
	l.release.Open()
	for _, a := range callers {
		if !t.Await(a.done) {
			return
		}
		if a.err != nil || a.value != value {
			t.Fail("C11", "a caller did not get the result of the load it waited for",
				outcome(value, nil), outcome(a.value, a.err))
		}
	}
	s := c.Stats()
	wantHits := 0
	if !arrived {
		wantHits = int(s.Hits) // late callers hit
	}
	harness.Equal(t, "C10", "each caller counts one hit or one miss, and nothing else does",
		[2]int{wantHits, n + 2 - wantHits}, [2]int{int(s.Hits), int(s.Misses)})
	v, ok := c.Get(key)
	if !ok || v != value {
		t.Fail("C12", "the loaded value is not stored", found(value, true), found(v, ok))
	}
	if v, err := c.GetOrLoad(key, forbidden(t, "C10", "load ran although the key was present")); v != value || err != nil {
		t.Fail("C10", "GetOrLoad of a present key", outcome(value, nil), outcome(v, err))
	}
	harness.Equal(t, "C10", "hits after two more lookups", uint64(wantHits+2), c.Stats().Hits)
}

// outcome describes what a load or a caller returned.
func outcome(value any, err error) string {
	if err != nil {
		return fmt.Sprintf("error %v", err)
	}
	return fmt.Sprint(value)
}

// cacheOneLoad lets goroutines ask for a new key at the same moment, several
// times each, with no handshake: one of them loads, once. A caller that comes
// just when the load ends shares it or hits.
func cacheOneLoad(t *harness.T) {
	const times = 3
	c := newCache[int, int](8)
	for key := range t.Size(14, 2) {
		n := t.Clients(2)
		loads, got := make([]int, n), make([][times]int, n)
		for id := range n {
			t.Add(1, func(cl *harness.Client) {
				for i := range times {
					v, err := c.GetOrLoad(key, func(k int) (int, error) {
						loads[id]++
						if cl.Rand.IntN(2) == 0 {
							cl.Step()
						}
						return k*100 + id, nil
					})
					if err != nil {
						t.Fail("C12", "GetOrLoad returned an error although no load did", "<nil>", err)
					}
					got[id][i] = v
				}
				cl.Step()
			})
		}
		before := c.Stats()
		t.Run()
		if t.GaveUp() {
			return
		}
		harness.Equal(t, "C11", "callers of an absent key ran more or fewer loads than one", 1, sum(loads))
		v, ok := c.Get(key)
		for id := range n {
			if !ok || got[id] != [times]int{v, v, v} {
				t.Fail("C11", "callers do not share the result of the one load", found(v, ok), got[id])
			}
		}
		after := c.Stats()
		harness.Total(t, "C10", "lookups were not counted once each",
			before.Hits+before.Misses+uint64(times*n)+1, after.Hits+after.Misses)
	}
}

// cacheAlikeKeys loads keys that are unequal and look the same to whoever does
// not compare them by ==. Nothing is concluded from how long they take to be in
// flight together.
func cacheAlikeKeys(t *harness.T) {
	type pair struct{ a, b string }
	one, two := pair{"x", "y"}, pair{"x", "y"}
	keys := []any{1, int64(1), "1", 1.0, pair{"1 ", "2"}, pair{"1", " 2"}, &one, &two}
	t.Rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	keys = keys[:t.Size(len(keys), 3)]
	c := newCache[any, any](len(keys))
	met, release := harness.NewMeeting(len(keys)), harness.NewLatch()
	for i, key := range keys {
		t.Add(1, func(cl *harness.Client) {
			v, err := c.GetOrLoad(key, func(any) (any, error) {
				met.Arrive()
				t.Await(release)
				return i, nil
			})
			if v != i || err != nil {
				t.Fail("C11", fmt.Sprintf("GetOrLoad of the key %T(%v), beside loads of keys that print alike", key, key),
					outcome(i, nil), outcome(v, err))
			}
			cl.Step()
		})
	}
	t.Add(1, func(cl *harness.Client) {
		sees(t, met.All.IsOpen)
		release.Open()
		cl.Step()
	})
	t.Run()
	for i, key := range keys {
		if v, ok := c.Get(key); !ok || v != i {
			t.Fail("C12", fmt.Sprintf("Get of the key %T(%v), after loads of keys that print alike", key, key), found(i, true), found(v, ok))
		}
	}
}

// manyLoads in flight at once, or callers who wait for one, are more than anybody
// who bounds them, counts them in a byte, or lets keys share something, is likely
// to reckon with. As many as mostLoads come more seldom.
const manyLoads, mostLoads = 300, 1100

// many is usual, or sometimes manyLoads or mostLoads.
func many(t *harness.T, usual int) int {
	if t.Small() {
		return usual
	}
	switch t.Rand.IntN(12) {
	case 0:
		return mostLoads
	case 1, 2, 3:
		return manyLoads
	}
	return usual
}

// cacheSlowLoad holds loads open and uses the cache meanwhile, from outside and
// from inside a load.
func cacheSlowLoad(t *harness.T) {
	c := newCache[int, int](8)
	c.Put(1, 10)
	l := holdLoad(t, 20)
	l.inside = func() {
		// A load may call the cache: no lock is held.
		if v, ok := c.Get(1); !ok || v != 10 {
			t.Fail("C11", "Get of another key from inside a load", found(10, true), found(v, ok))
		}
		c.Put(3, 30)
		c.Len()
		c.Stats()
		c.Delete(4)
		if v, err := c.GetOrLoad(5, func(int) (int, error) { return 50, nil }); v != 50 || err != nil {
			t.Fail("C11", "GetOrLoad of another key from inside a load", outcome(50, nil), outcome(v, err))
		}
	}
	slow := getOrLoad(t, c, 2, nil, l.load)
	if !t.Await(l.entered) {
		return
	}
	// While it is open, everything else goes on.
	if v, ok := c.Get(3); !ok || v != 30 {
		t.Fail("C9", "what a load put is not there", found(30, true), found(v, ok))
	}
	_, ok := c.Get(2)
	harness.Equal(t, "C12", "a value is present before its load ended", false, ok)
	c.Put(6, 60)
	harness.Equal(t, "C6", "Delete of a present key beside a load", true, c.Delete(6))
	harness.Equal(t, "C5", "Len beside a load", 3, c.Len()) // 1, 3 and 5
	t.Step()
	// Loads of different keys are in flight together.
	n := many(t, t.Clients(2))
	met := harness.NewMeeting(n)
	var callers []*answer
	for i := range n {
		callers = append(callers, getOrLoad(t, c, 100+i, nil, func(k int) (int, error) {
			met.Arrive()
			t.Advance()
			t.Await(met.All)
			return k * 10, nil
		}))
	}
	for i, a := range callers {
		if !t.Await(a.done) {
			return
		}
		if a.err != nil || a.value != (100+i)*10 {
			t.Fail("C11", "a caller did not get what its load returned", outcome((100+i)*10, nil), outcome(a.value, a.err))
		}
	}
	l.release.Open()
	if t.Await(slow.done) && (slow.err != nil || slow.value != 20) {
		t.Fail("C11", "the slow caller did not get what its load returned", outcome(20, nil), outcome(slow.value, slow.err))
	}
	if v, ok := c.Get(2); !ok || v != 20 {
		t.Fail("C12", "the loaded value is not stored", found(20, true), found(v, ok))
	}
}

var errLoad = errors.New("the load failed")

// bang is what loads panic with: no error and no text, so that nothing else is
// equal to it.
type bang struct{ where string }

// cacheLoadFails lets a load fail, by an error or a panic, while others wait
// for it.
func cacheLoadFails(boom any) func(t *harness.T) {
	contract := "C13"
	if boom != nil {
		contract = "C14"
	}
	return func(t *harness.T) {
		const key = 1
		c := newCache[int, int](2)
		for round := range t.Size(3, 1) {
			l := holdLoad(t, 99)
			l.err, l.boom = errLoad, boom
			if boom == nil && !t.Small() && t.Rand.IntN(4) == 0 {
				// What a cache itself gave to somebody is an error like any other.
				l.err = afterPanic(t)
				if t.Rand.IntN(2) == 0 {
					l.err = fmt.Errorf("a load that another one needed: %w", l.err)
				}
			}
			first := getOrLoad(t, c, key, boom, l.load)
			if !t.Await(l.entered) {
				return
			}
			n := t.Clients(1)
			base := int(c.Stats().Misses)
			// Late is counted, not forbidden: a caller that was slow to arrive
			// loads again, and rightly.
			var late atomic.Int64
			var waiters []*answer
			for range n {
				waiters = append(waiters, getOrLoad(t, c, key, boom, func(int) (int, error) {
					late.Add(1)
					if !l.release.IsOpen() {
						t.Fail("C11", "a second load of a key ran while the first was in flight", 1, 2)
					}
					return 0, l.err
				}))
			}
			arrived := missed(t, c, base+n)
			l.release.Open()
			if !t.Await(first.done) {
				return
			}
			if boom != nil && first.panicked != boom {
				t.Fail("C14", "the caller that ran a panicking load did not panic with its value",
					boom, outcome(first.value, first.err))
			}
			if boom == nil && first.err != l.err {
				t.Fail("C13", "the caller that ran a failing load did not get its error", l.err, outcome(first.value, first.err))
			}
			for _, a := range waiters {
				if !t.Await(a.done) {
					return
				}
				switch {
				case a.panicked != nil:
					t.Fail(contract, "a caller that waited for a load panicked", "a non-nil error", a.panicked)
				case a.err == nil || boom == nil && a.err != l.err:
					t.Fail(contract, "a caller that waited for a failing load did not get its error",
						"the error", outcome(a.value, a.err))
				case boom == nil && arrived && a.value != first.value:
					t.Fail("C11", "a caller that waited for a failing load did not get the value that the one who ran it got, beside the error",
						first.value, a.value)
				}
			}
			if arrived {
				harness.Equal(t, "C11", "callers that waited for a failing load loaded again", 0, late.Load())
			}
			if v, ok := c.Get(key); ok {
				t.Fail(contract, "a failing load stored something", "absent", v)
			}
			harness.Equal(t, contract, "entries after a failing load", 0, c.Len())
			// The next caller loads again.
			loaded := false
			v, err := c.GetOrLoad(key, func(int) (int, error) { loaded = true; return round, nil })
			if !loaded || v != round || err != nil {
				t.Fail(contract, "the caller after a failing load did not load again", outcome(round, nil), outcome(v, err))
			}
			c.Delete(key)
			t.Step()
		}
	}
}

// afterPanic is the error that a caller got whose load panicked while he waited, or
// another one where he came too late.
func afterPanic(t *harness.T) error {
	c := newCache[int, int](1)
	l := holdLoad(t, 0)
	l.boom = bang{"a load that is waited for"}
	first := getOrLoad(t, c, 1, l.boom, l.load)
	if !t.Await(l.entered) {
		return errLoad
	}
	base := int(c.Stats().Misses)
	waiter := getOrLoad(t, c, 1, l.boom, func(int) (int, error) { return 0, errLoad })
	missed(t, c, base+1)
	l.release.Open()
	if !t.Await(first.done) || !t.Await(waiter.done) || waiter.err == nil {
		return errLoad
	}
	return waiter.err
}

// cacheTogether lets loads of different keys, with callers waiting for each, end
// at the same moment and in different ways: each caller gets what its own load
// came to, and nothing of the others.
func cacheTogether(t *harness.T) {
	for range t.Size(8, 1) {
		if !together(t) {
			return
		}
	}
}

func together(t *harness.T) bool {
	keys, n := t.Size(3, 2), t.Size(3, 1)
	c := newCache[int, int](keys)
	release := harness.NewLatch()
	turn := t.Rand.IntN(3)
	loads, leaders, waiters := make([]*heldLoad, keys), make([]*answer, keys), make([][]*answer, keys)
	for key := range loads {
		l := holdLoad(t, 100+key)
		l.release = release
		switch (key + turn) % 3 {
		case 1:
			l.err = loadError{int64(key)}
		case 2:
			l.boom = bang{fmt.Sprint("load ", key)}
		}
		loads[key], leaders[key] = l, getOrLoad(t, c, key, l.boom, l.load)
		if !t.Await(l.entered) {
			return false
		}
	}
	late := make([]atomic.Int64, keys)
	for key := range keys {
		for range n {
			waiters[key] = append(waiters[key], getOrLoad(t, c, key, nil, func(k int) (int, error) {
				late[key].Add(1)
				return 1000 + k, nil
			}))
		}
	}
	arrived := missed(t, c, keys*(n+1))
	release.Open()
	for key, l := range loads {
		leader := leaders[key]
		if !t.Await(leader.done) {
			return false
		}
		if leader.panicked != l.boom || l.boom == nil && (leader.err != l.err || l.err == nil && leader.value != l.value) {
			t.Fail("C11", "the caller that ran a load, beside others that ended with it, did not get what it came to",
				ending(l), outcome(leader.value, leader.err))
		}
		for _, a := range waiters[key] {
			if !t.Await(a.done) {
				return false
			}
			switch {
			case !arrived && late[key].Load() > 0 && a.err == nil && a.value == 1000+key: // it came late
			case l.boom != nil && a.err != nil && !errors.As(a.err, new(loadError)):
			case l.boom == nil && a.err == l.err && (l.err != nil || a.value == l.value):
			default:
				t.Fail("C11", "a caller that waited for a load, beside others that ended with it, did not get what it came to",
					ending(l), outcome(a.value, a.err))
			}
		}
	}
	t.Step()
	return !t.GaveUp()
}

// ending describes how a load ends.
func ending(l *heldLoad) string {
	if l.boom != nil {
		return "a panic, and an error for who waits"
	}
	return outcome(l.value, l.err)
}
