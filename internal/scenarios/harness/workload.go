package harness

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"racebench/internal/protocol"
)

// Workload is a fixed amount of work for one component, whose time is compared
// with that of the textbook fix. While it is done nothing is checked; afterwards
// the totals are: what is fast because it is wrong where nobody seems to look,
// without race detector and noise, is wrong.
type Workload struct {
	// Name is unique: the component, a slash, and what the work is like.
	Name string
	// Component is cache, counter or workerpool.
	Component string
	// Goroutines is how many callers there are at once.
	Goroutines int
	// Prepare makes the component for so many callers.
	Prepare func(goroutines, spin int) Work
}

// Work is what a workload does with a component of its own.
type Work struct {
	// Operation is what the caller g does as its operation i.
	Operation func(g, i int, rng *rand.Rand)
	// End waits for what the operations left to be done; it is timed, too.
	End func()
	// Check says what is wrong afterwards, and nil if nothing is. The function
	// that it is given calls its argument for every operation that was done, as
	// Operation was called.
	Check func(each func(func(g, i int, rng *rand.Rand))) *protocol.Violation
}

// Execute does the work once: so many operations over all callers, each after
// spin rounds of work of the caller's own. It returns how long that took, which
// on a broken component may be for ever. What it did can be checked afterwards.
func (w Workload) Execute(operations int, seed uint64, spin int) (took time.Duration, check func() *protocol.Violation) {
	work := w.Prepare(w.Goroutines, spin)
	// The first callers take what does not divide evenly.
	share := func(g int) int {
		n := operations / w.Goroutines
		if g < operations%w.Goroutines {
			n++
		}
		return n
	}
	numbers := func(g int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(g))) }
	runtime.GC() // garbage of what was before is not this workload's
	began := Monotonic()
	var callers sync.WaitGroup
	for g := range w.Goroutines {
		callers.Go(func() {
			rng := numbers(g)
			for i := range share(g) {
				_ = Spin(spin)
				work.Operation(g, i, rng)
			}
		})
	}
	callers.Wait()
	work.End()
	took = time.Duration(Monotonic() - began)
	return took, func() *protocol.Violation {
		return work.Check(func(visit func(g, i int, rng *rand.Rand)) {
			for g := range w.Goroutines {
				rng := numbers(g)
				for i := range share(g) {
					visit(g, i, rng)
				}
			}
		})
	}
}

// Differs is the violation of totals that are not what they must be, and nil if
// they are. less says that something is missing in them.
func Differs[V comparable](contract, message string, want, got V, less bool) *protocol.Violation {
	if got == want {
		return nil
	}
	kind := KindInvariant
	if less {
		kind = KindLostUpdate
	}
	v := NewViolation(kind, contract, message, fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	return &v
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
