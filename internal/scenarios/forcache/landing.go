package forcache

import (
	"fmt"
	"runtime"
	"sync/atomic"

	"racebench/internal/scenarios/harness"
)

// cacheLanding lets a Delete, a Put or a Clear meet the very end of a load. It
// comes after the load has begun, so either it overtakes the load or it finds
// the stored value: the outcome is the same.
func cacheLanding(t *harness.T) {
	const key, loaded, put = 1, 100, 300
	for range t.Size(14, 1) {
		c := newCache[int, int](2)
		var inside atomic.Bool
		what := t.Rand.IntN(3)
		t.Add(1, func(cl *harness.Client) {
			v, err := c.GetOrLoad(key, func(int) (int, error) {
				inside.Store(true)
				return loaded, nil
			})
			if v != loaded || err != nil {
				t.Fail("C15", "the caller that ran a load did not get its value", outcome(loaded, nil), outcome(v, err))
			}
			cl.Step()
		})
		t.Add(1, func(cl *harness.Client) {
			if !t.Until(inside.Load) {
				return
			}
			switch what {
			case 0:
				c.Delete(key)
			case 1:
				c.Put(key, put)
			default:
				c.Clear()
			}
			cl.Step()
		})
		t.Run()
		if t.GaveUp() {
			return
		}
		s := c.Stats()
		v, ok := c.Get(key)
		switch what {
		case 0:
			if ok {
				t.Fail("C15", "a key is present that was deleted after its load had begun", "absent", v)
			}
		case 1:
			if !ok || v != put {
				t.Fail("C15", "the value put after the load had begun is not there", found(put, true), found(v, ok))
			}
		default:
			harness.Equal(t, "C15", "the cache after a Clear that came after the load had begun", Stats{Capacity: 2}, s)
		}
	}
}

// cacheLandingEvicted lets the entry that a load has just stored be evicted, in a
// cache with room for one, and asks for the key again. The load has ended with the
// storing: whoever comes later loads anew, whoever came before has the entry put
// back in. So what GetOrLoad returned last is there.
func cacheLandingEvicted(t *harness.T) {
	const key, other, loaded, again = 1, 2, 100, 200
	for range t.Size(24, 1) {
		c := newCache[int, int](1)
		var inside atomic.Bool
		t.Add(1, func(cl *harness.Client) {
			v, err := c.GetOrLoad(key, func(int) (int, error) {
				inside.Store(true)
				return loaded, nil
			})
			if v != loaded || err != nil {
				t.Fail("C12", "the caller that ran a load did not get its value", outcome(loaded, nil), outcome(v, err))
			}
			cl.Step()
		})
		t.Add(1, func(cl *harness.Client) {
			if !t.Until(inside.Load) {
				return
			}
			c.Put(other, other)
			v, err := c.GetOrLoad(key, func(int) (int, error) { return again, nil })
			if got, ok := c.Get(key); err != nil || !ok || got != v {
				t.Fail("C12", "what GetOrLoad has just returned is not in the cache: it came from a load that had stored it earlier, and it was evicted since",
					fmt.Sprintf("Get finds %d", v), fmt.Sprintf("GetOrLoad returned %s, Get finds %v", outcome(v, err), found(got, ok)))
			}
			cl.Step()
		})
		t.Run()
		if t.GaveUp() {
			return
		}
	}
}

// cacheOvertaking lets somebody ask for the key of a load that is held open, while
// a Delete, a Put or a Clear overtakes it. That is part of the call's one step: who
// asks comes before it and waits for the load, or after it and finds what it left.
func cacheOvertaking(t *harness.T) {
	const key, loaded, put, own = 1, 100, 300, 200
	for range t.Size(14, 1) {
		c := newCache[int, int](2)
		l := holdLoad(t, loaded)
		first := getOrLoad(t, c, key, nil, l.load)
		if !t.Await(l.entered) {
			return
		}
		what := t.Rand.IntN(3)
		var deleted, ran bool
		var value int
		var err error
		t.Add(1, func(cl *harness.Client) {
			switch what {
			case 0:
				deleted = c.Delete(key)
			case 1:
				c.Put(key, put)
			default:
				c.Clear()
			}
			l.release.Open()
			cl.Step()
		})
		t.Add(1, func(cl *harness.Client) {
			value, err = c.GetOrLoad(key, func(int) (int, error) {
				ran = true
				return own, nil
			})
			cl.Step()
		})
		t.Run()
		if t.GaveUp() || !t.Await(first.done) {
			return
		}
		s := c.Stats()
		got, ok := c.Get(key)
		seen := fmt.Sprintf("GetOrLoad returned %s, its own load ran: %t; Get finds %v", outcome(value, err), ran, found(got, ok))
		wrong := func(message, expected string) { t.Fail("C15", message, expected, seen) }
		if what == 1 {
			// Before the Put there is a load to share, after it there is an entry.
			if ran || err != nil || !ok || got != put || value != put && value != loaded {
				wrong("beside a Put that overtakes a load in flight, GetOrLoad neither shares that load nor finds what was put",
					fmt.Sprintf("GetOrLoad returns %d or %d and loads nothing; Get finds %d", loaded, put, put))
			}
			continue
		}
		switch {
		case deleted:
			t.Fail("C9 C15", "Delete removed a key that was not there when it overtook the load in flight, and not before that", false, true)
		case ran && (err != nil || value != own || !ok || got != own):
			wrong("who asked after the overtaking, and loaded, does not find the value", fmt.Sprintf("GetOrLoad returns %d; Get finds it", own))
		case !ran && (err != nil || value != loaded || ok):
			wrong("who asked before the overtaking does not get the overtaken load's value, or it was stored", fmt.Sprintf("GetOrLoad returns %d; Get finds nothing", loaded))
		case what == 2:
			want := Stats{Capacity: 2}
			if ran { // and so missed, after the Clear
				want.Misses, want.Len = 1, 1
			}
			harness.Equal(t, "C7", "the statistics of a cache that was cleared beside one GetOrLoad", want, s)
		}
	}
}

// cacheUnseen overtakes a load that is held open, and lets it end only after that,
// so its value is never stored: no Get may see it, not even one that began before
// the overtaking and ends after the load.
func cacheUnseen(t *harness.T) {
	const key, loaded, put = 1, 100, 300
	for range t.Size(10, 1) {
		c := newCache[int, int](2)
		l := holdLoad(t, loaded)
		a := getOrLoad(t, c, key, nil, l.load)
		if !t.Await(l.entered) {
			return
		}
		var landed atomic.Bool
		overtake := []func(){
			func() { c.Delete(key) },
			func() { c.Put(key, put) },
			c.Clear,
			c.Clear, // which is where a component may start afresh
		}[t.Rand.IntN(4)]
		t.Add(t.Clients(2), func(cl *harness.Client) {
			for looks, after := 0, t.Size(6, 1); looks < t.Size(patience, 5) && after > 0; looks++ {
				if landed.Load() {
					after--
				} else if looks%4 == 3 {
					runtime.Gosched() // the others may have one processor between them
				}
				if v, ok := c.Get(key); ok && v != put {
					t.Fail("C15", "Get found the value of a load that had been overtaken before it ended", found(put, false), v)
				}
				cl.Step()
			}
		})
		t.Add(1, func(cl *harness.Client) {
			overtake()
			l.release.Open()
			t.Await(a.done)
			landed.Store(true)
			cl.Step()
		})
		t.Run()
		if t.GaveUp() {
			return
		}
		if a.value != loaded || a.err != nil {
			t.Fail("C15", "the caller that ran an overtaken load did not get its value", outcome(loaded, nil), outcome(a.value, a.err))
		}
	}
}

// cacheStaleFill overtakes a load in flight and lets the old and the new load
// end in either order.
func cacheStaleFill(t *harness.T) {
	for range t.Size(4, 1) {
		if !staleFill(t) {
			return
		}
	}
}

// The key whose load is overtaken, and the values that it may get.
const (
	staleKey   = 1
	staleValue = 100 // of the load that is overtaken
	freshValue = 200 // of a load that began afterwards
	putValue   = 300
)

// overtaking is something that overtakes a load in flight.
type overtaking struct {
	name string
	do   func()
	put  bool // the key is there afterwards
}

func anyOvertaking(t *harness.T, c Cache[int, int]) overtaking {
	return []overtaking{
		{name: "Delete", do: func() {
			harness.Equal(t, "C6", "Delete of an absent key that is being loaded", false, c.Delete(staleKey))
		}},
		{name: "Put", do: func() { c.Put(staleKey, putValue) }, put: true},
		{name: "Clear", do: c.Clear},
		{name: "Put and Delete", do: func() { c.Put(staleKey, putValue); c.Delete(staleKey) }},
		{name: "Clear and Put", do: func() { c.Clear(); c.Put(staleKey, putValue) }, put: true},
		{name: "Put and its eviction", do: func() {
			c.Put(staleKey, putValue)
			for i := range c.Stats().Capacity {
				c.Put(1000+i, i)
			}
		}},
	}[t.Rand.IntN(6)]
}

// staleLoad is a load that is held in flight, what overtakes it, and the callers
// who get its result all the same: the first runs it, the others wait.
type staleLoad struct {
	*heldLoad
	t       *harness.T
	c       Cache[int, int]
	by      overtaking
	callers []*answer
}

// staleFill is one round of cacheStaleFill, and reports whether to go on.
func staleFill(t *harness.T) bool {
	c := newCache[int, int](t.Capacity(4))
	c.Put(7, 7)
	stale := &staleLoad{t: t, c: c, by: anyOvertaking(t, c)}
	fromInside := t.Rand.IntN(3) == 0
	oldFirst := t.Rand.IntN(2) == 0

	stale.heldLoad = holdLoad(t, staleValue)
	switch t.Rand.IntN(4) {
	case 0:
		stale.err = errLoad
	case 1:
		stale.boom = bang{"overtaken load"}
	}
	if fromInside {
		stale.inside = stale.by.do
	}
	stale.callers = []*answer{getOrLoad(t, c, staleKey, stale.boom, stale.load)}
	if !t.Await(stale.entered) {
		return false
	}
	if !fromInside {
		if !stale.join(t.Rand.IntN(3)) {
			// Whoever has not arrived by now may share either load. Nothing
			// can be concluded; let everybody go.
			stale.release.Open()
			for _, a := range stale.callers {
				if !t.Await(a.done) {
					return false
				}
			}
			return true
		}
		stale.by.do()
	}
	t.Linger() // it stays overtaken
	if stale.by.put {
		return stale.overPut()
	}
	return stale.besideFresh(oldFirst)
}

// join lets n callers wait for the load, and reports whether all of them do.
func (l *staleLoad) join(n int) bool {
	base := int(l.c.Stats().Misses)
	for range n {
		l.callers = append(l.callers, getOrLoad(l.t, l.c, staleKey, l.boom, func(int) (int, error) {
			if !l.release.IsOpen() {
				l.t.Fail("C11", "a second load of a key ran while the first was in flight", 1, 2)
			}
			return -1, nil // it came late
		}))
	}
	return missed(l.t, l.c, base+n)
}

// end lets the load end, and judges what its callers got. It reports whether
// they came back.
func (l *staleLoad) end() bool {
	l.release.Open()
	for i, a := range l.callers {
		if !l.t.Await(a.done) {
			return false
		}
		switch {
		case l.boom != nil && i == 0:
			if a.panicked == nil {
				l.t.Fail("C14", "the caller whose overtaken load panicked did not panic", l.boom, outcome(a.value, a.err))
			}
		case l.boom != nil:
			if a.err == nil || a.panicked != nil {
				l.t.Fail("C14", "a caller that waited for an overtaken load that panicked got no error",
					"a non-nil error", outcome(a.value, a.err))
			}
		case a.err != l.err || l.err == nil && a.value != staleValue:
			l.t.Fail("C15", "a caller that waited when "+l.by.name+" overtook its load did not get the result of that load",
				outcome(staleValue, l.err), outcome(a.value, a.err))
		}
	}
	return true
}

// present fails unless the key has the wanted value, or is wanted to be absent.
func (l *staleLoad) present(when string, want int, wantOK bool) {
	if v, ok := l.c.Get(staleKey); ok != wantOK || ok && v != want {
		l.t.Fail("C15", when, found(want, wantOK), found(v, ok))
	}
}

// overPut: the key was put while it was loaded, and that is its value.
func (l *staleLoad) overPut() bool {
	l.present("the value put while the key was being loaded is not there", putValue, true)
	v, err := l.c.GetOrLoad(staleKey, forbidden(l.t, "C10", "load ran although the key was put"))
	if err != nil || v != putValue {
		l.t.Fail("C15", "a caller after "+l.by.name+" did not get the value put", outcome(putValue, nil), outcome(v, err))
	}
	if !l.end() {
		return false
	}
	l.present("an overtaken load stored its value over one put later", putValue, true)
	l.t.Step()
	return true
}

// besideFresh: the key is absent and its load overtaken, so whoever comes now
// loads anew; either load ends first.
func (l *staleLoad) besideFresh(oldFirst bool) bool {
	l.present("the key is present after "+l.by.name, 0, false)
	fresh := holdLoad(l.t, freshValue)
	news := []*answer{getOrLoad(l.t, l.c, staleKey, nil, fresh.load)}
	if !sees(l.t, fresh.entered.IsOpen) {
		return l.shared(fresh, news[0])
	}
	join := func() {
		base := int(l.c.Stats().Misses)
		news = append(news, getOrLoad(l.t, l.c, staleKey, nil,
			forbidden(l.t, "C11", "a further load of a key ran while the one that is not overtaken was in flight")))
		missed(l.t, l.c, base+1)
	}
	join()
	if oldFirst {
		if !l.end() {
			return false
		}
		l.present("an overtaken load stored its value", 0, false)
		join() // the end of the old load must not end the new flight
	}
	fresh.release.Open()
	for _, a := range news {
		if !l.t.Await(a.done) {
			return false
		}
		if a.err != nil || a.value != freshValue {
			l.t.Fail("C15", "a caller that arrived after "+l.by.name+" did not get the value of the new load",
				outcome(freshValue, nil), outcome(a.value, a.err))
		}
	}
	l.present("the value of the new load is not there", freshValue, true)
	if !oldFirst && !l.end() {
		return false
	}
	l.present("an overtaken load stored its value over a newer one", freshValue, true)
	l.t.Step()
	return !l.t.GaveUp()
}

// shared: a caller who came after the load was overtaken has not begun a load. It
// shares the old one, or has not got that far yet.
func (l *staleLoad) shared(fresh *heldLoad, late *answer) bool {
	if !l.end() {
		return false
	}
	fresh.release.Open()
	if !l.t.Await(late.done) {
		return false
	}
	if late.err != nil || late.value != freshValue {
		l.t.Fail("C15", "a caller that arrived after "+l.by.name+" returned shared the overtaken load",
			outcome(freshValue, nil), outcome(late.value, late.err))
	}
	return !l.t.GaveUp()
}
