package harness

import (
	"fmt"
	"runtime"
	"weak"

	"racebench/internal/noise"
)

// Boulder is something whose memory can be watched.
type Boulder struct {
	ID int
	_  *Boulder // with a pointer it is not packed together with its neighbours
	_  [6]int
}

// Boulders makes some, and knows which of them can be collected.
type Boulders []weak.Pointer[Boulder]

// Fresh makes another one.
func (all *Boulders) Fresh() *Boulder {
	b := &Boulder{ID: len(*all)}
	*all = append(*all, weak.Make(b))
	return b
}

// Released fails if more than most of the boulders can still be reached; what says
// what they are, as in "tasks that were refused".
func (all Boulders) Released(t *T, most int, what string) {
	runtime.GC()
	kept := 0
	for _, w := range all {
		if w.Value() != nil {
			kept++
		}
	}
	if kept > most {
		t.Fail("G4", what+" cannot be collected", fmt.Sprintf("few of %d", len(all)), kept)
	}
}

// Copies is how many instances are made to see whether they are left behind.
const Copies = 24

// Reachable returns a function that says whether anybody can still reach an
// instance. The function itself does not keep it alive.
func Reachable[C any](instance *C) func() bool {
	w := weak.Make(instance)
	return func() bool { return w.Value() != nil }
}

// Forgotten checks that instances that nobody refers to can be collected, given
// what Reachable returned for each. A few may be left on a stack.
func Forgotten(t *T, reachable []func() bool) {
	kept := 0
	for range 3 {
		kept = 0
		runtime.GC()
		for _, is := range reachable {
			if is() {
				kept++
			}
		}
		if kept == 0 {
			return
		}
		runtime.Gosched()
	}
	if kept > len(reachable)/2 {
		t.Fail("G4", "instances that nobody uses any longer cannot be collected", fmt.Sprintf("few of %d", len(reachable)), kept)
	}
}

// Grows calls f many times, in one execution of five, and checks that what is in
// use afterwards does not grow with the number of calls. Under the race detector,
// where that takes ten times as long and shows no more, it is one of twenty-five.
// The keys of a cache are numbers here, of which a component can keep traces that
// hold nothing.
func Grows(t *T, component string, f func(i int)) {
	const warm, rounds = 1 << 12, 4
	odds := 5
	if underRace {
		odds = 25
	}
	if t.Rand.IntN(odds) > 0 {
		return // it takes long, and needs no luck
	}
	noise.Set(0, noise.Off)
	for i := range warm {
		f(i)
	}
	first := InUse()
	before, calls := first, warm
	for range rounds {
		// Each round doubles the calls, as a map that is too small doubles.
		for i := range calls {
			f(calls + i)
			if i%1024 == 0 {
				t.Step()
			}
		}
		// Whatever is kept of every call is a word at least. What comes and goes by
		// chance, such as what another goroutine has not let go of yet, grows once,
		// and not again each time.
		after := InUse()
		if after < before+4*uint64(calls) {
			return
		}
		before, calls = after, 2*calls
	}
	t.Fail("G4", component+" holds memory in proportion to the number of calls",
		fmt.Sprintf("about %d bytes, as before %d calls", first, calls-warm), before)
}

// InUse is the number of bytes on the heap that somebody refers to.
func InUse() uint64 {
	runtime.GC()
	runtime.GC() // what a sync.Pool holds lives for two collections
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
