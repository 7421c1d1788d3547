package scenarios

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"racebench/internal/cache"
	"racebench/internal/counter"
	"racebench/internal/workerpool"
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
	// prepare makes the component and returns what the caller g calls for its
	// operation i, together with what ends the work, or nil.
	prepare func(goroutines, spin int) (operation func(g, i int, rng *rand.Rand), end func())
}

// Workloads returns what performance is measured by, in the order of the
// components: one caller, contention, mostly reading, mostly writing, and an
// instance for every caller.
func Workloads() []Workload {
	const many = 8
	return []Workload{
		{"cache/one-caller", Cache, 1, cacheWork(70, 25, 512, shared)},
		{"cache/contended", Cache, many, cacheWork(50, 45, 4, shared)},
		{"cache/read-heavy", Cache, many, cacheWork(90, 5, 256, shared)},
		{"cache/write-heavy", Cache, many, cacheWork(20, 70, 1024, shared)},
		{"cache/instances", Cache, many, cacheWork(70, 25, 512, apart)},

		{"counter/one-caller", Counter, 1, counterWork(10, shared)},
		{"counter/contended", Counter, many, counterWork(0, shared)},
		{"counter/read-heavy", Counter, many, counterWork(90, shared)},
		{"counter/write-heavy", Counter, many, counterWork(10, shared)},
		{"counter/instances", Counter, many, counterWork(10, apart)},

		{"workerpool/one-caller", WorkerPool, 1, poolWork(0, 2, shared)},
		{"workerpool/contended", WorkerPool, many, poolWork(0, 8, shared)},
		{"workerpool/read-heavy", WorkerPool, many, poolWork(90, 4, shared)},
		{"workerpool/write-heavy", WorkerPool, many, poolWork(10, 4, shared)},
		{"workerpool/instances", WorkerPool, many, poolWork(10, 2, apart)},
	}
}

// FindWorkload returns the workload of that name.
func FindWorkload(name string) (Workload, bool) {
	for _, w := range Workloads() {
		if w.Name == name {
			return w, true
		}
	}
	return Workload{}, false
}

// Execute does the work once: so many operations over all callers, each after
// spin rounds of work of the caller's own. It returns how long that took, which
// on a broken component may be for ever.
func (w Workload) Execute(operations int, seed uint64, spin int) time.Duration {
	operation, end := w.prepare(w.Goroutines, spin)
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
	shared = false
	apart  = true
)

// instances makes one instance for all callers, or one for each, and returns
// that of a caller.
func instances[C any](goroutines int, apart bool, make func() C) (of func(g int) C, all []C) {
	n := 1
	if apart {
		n = goroutines
	}
	for range n {
		all = append(all, make())
	}
	return func(g int) C { return all[g%n] }, all
}

// cacheWork looks up, puts, and otherwise loads, by percentages, over a number
// of keys. The cache holds 256.
func cacheWork(gets, puts, keys int, apart bool) func(int, int) (func(int, int, *rand.Rand), func()) {
	return func(goroutines, _ int) (func(int, int, *rand.Rand), func()) {
		of, _ := instances(goroutines, apart, func() *cache.Cache[int, int] { return cache.New[int, int](256) })
		load := func(key int) (int, error) { return key, nil }
		return func(g, _ int, rng *rand.Rand) {
			c, key := of(g), rng.IntN(keys)
			switch n := rng.IntN(100); {
			case n < gets:
				c.Get(key)
			case n < gets+puts:
				c.Put(key, key)
			default:
				if _, err := c.GetOrLoad(key, load); err != nil {
					panic(fmt.Sprintf("a load without an error led to %v", err))
				}
			}
		}, func() {}
	}
}

// counterWork reads in a percentage of the operations and records in the rest.
func counterWork(reads int, apart bool) func(int, int) (func(int, int, *rand.Rand), func()) {
	return func(goroutines, _ int) (func(int, int, *rand.Rand), func()) {
		of, _ := instances(goroutines, apart, counter.New)
		return func(g, i int, rng *rand.Rand) {
			c := of(g)
			switch {
			case rng.IntN(100) >= reads:
				c.RecordRequest(i%8 != 0, time.Microsecond)
			case i%2 == 0:
				c.Stats()
			default:
				c.SuccessRate()
			}
		}, func() {}
	}
}

// poolWork reads the statistics in a percentage of the operations and submits
// in the rest. A task works as long as its caller does between two of them.
func poolWork(reads, workers int, apart bool) func(int, int) (func(int, int, *rand.Rand), func()) {
	return func(goroutines, spin int) (func(int, int, *rand.Rand), func()) {
		of, all := instances(goroutines, apart, func() *workerpool.Pool[uint64] { return workerpool.New[uint64](workers) })
		task := func() (uint64, error) { return Spin(spin), nil }
		return func(g, i int, rng *rand.Rand) {
				p := of(g)
				switch {
				case rng.IntN(100) >= reads:
					if err := p.Submit(task); err != nil {
						panic(fmt.Sprintf("Submit to an open pool: %v", err))
					}
				case i%2 == 0:
					p.Stats()
				default:
					p.Pending()
				}
			}, func() {
				for _, p := range all {
					p.Wait()
				}
				for _, p := range all {
					p.Close()
				}
			}
	}
}
