package harness

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"time"
)

// Workload is a fixed amount of work for one component, whose time is compared
// with that of the textbook fix. It checks nothing.
type Workload struct {
	// Name is unique: the component, a slash, and what the work is like.
	Name string
	// Component is cache, counter or workerpool.
	Component string
	// Goroutines is how many callers there are at once.
	Goroutines int
	// Prepare makes the component and returns what the caller g calls for its
	// operation i, together with what ends the work.
	Prepare func(goroutines, spin int) (operation func(g, i int, rng *rand.Rand), end func())
}

// Execute does the work once: so many operations over all callers, each after
// spin rounds of work of the caller's own. It returns how long that took, which
// on a broken component may be for ever.
func (w Workload) Execute(operations int, seed uint64, spin int) time.Duration {
	operation, end := w.Prepare(w.Goroutines, spin)
	runtime.GC() // garbage of what was before is not this workload's
	began := Monotonic()
	var callers sync.WaitGroup
	for g := range w.Goroutines {
		// The first callers take what does not divide evenly.
		share := operations / w.Goroutines
		if g < operations%w.Goroutines {
			share++
		}
		callers.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(g)))
			for i := range share {
				_ = Spin(spin)
				operation(g, i, rng)
			}
		})
	}
	callers.Wait()
	end()
	return time.Duration(Monotonic() - began)
}

// Spin is work of a caller's own, on no memory and without a call. It returns
// something that depends on all rounds, so that none can be left out.
//
//go:noinline
func Spin(rounds int) uint64 {
	x := uint64(88172645463325252)
	for range rounds { // G. Marsaglia, Xorshift RNGs, 2003
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

// Whether the callers use one instance or each has one of its own.
const (
	Shared = false
	Apart  = true
)

// Instances makes one instance for all callers, or one for each, and returns
// that of a caller.
func Instances[C any](goroutines int, apart bool, make func() C) (of func(g int) C, all []C) {
	n := 1
	if apart {
		n = goroutines
	}
	for range n {
		all = append(all, make())
	}
	return func(g int) C { return all[g%n] }, all
}

// Callers is how many goroutines a workload has that is not for one alone.
const Callers = 8
