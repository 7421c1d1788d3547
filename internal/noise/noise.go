// Package noise widens narrow race windows. The build step puts a call of At
// before the statements of a candidate; a scenario turns the calls on for one
// iteration with Set. A call then sometimes yields, spins or sleeps, so that a
// window of a few nanoseconds between two statements becomes one of
// microseconds. This is the noise-making of Edelstein et al., "Multithreaded
// Java program test generation" (IBM Systems Journal 41(1), 2002), with the
// refinement that the delays gather at a few sites chosen by the seed, as in
// RaceFuzzer and TSVD: noise everywhere mostly cancels itself out, noise at one
// statement moves it past the others.
//
// The decisions must not order the goroutines that they disturb, or the race
// detector would take the order for synchronisation and stay silent. So the
// state is plain memory that is read and written in //go:norace functions
// without any atomic operation. Concurrent calls may lose each other's counts,
// which changes nothing but the next decision.
//
// The package is compiled into workers together with a candidate and uses the
// standard library alone.
package noise

import (
	"math/bits"
	"runtime"
	"time"
	"unsafe"
)

// The levels that Set takes. Off makes a point one load and one branch. Lockstep
// yields at every point: on one processor goroutines take turns, a statement each,
// so that whoever tries again when he was disturbed is disturbed every time. Straggle
// delays one visitor of each statement, one of the first four by the seed, for so long
// that others can do hundreds of operations meanwhile. StraggleFew does so at few
// statements: where everybody is held up somewhere nobody gets far past anybody.
const (
	Off         = 0
	Sparse      = 1
	Medium      = 2
	Heavy       = 3
	Lockstep    = 4
	Straggle    = 5
	StraggleFew = 6
)

const (
	// fullRate is the number of points that are decided at the level's own
	// rate. From then on the rate halves with every doubling of their number,
	// so the cost of an iteration grows only with the logarithm of its length.
	fullRate = 4096
	// maxSteps is the number of points at which Lockstep yields. Whoever waits for
	// an undisturbed moment must get one.
	maxSteps = 1 << 17
	// maxSleeps bounds the sleeps of one iteration. The shortest sleep costs
	// some 60 µs on an idle machine, whatever was asked for.
	maxSleeps = 24
	// maxNaps bounds those of Straggle, and nap is how long each is.
	maxNaps = 64
	nap     = time.Millisecond
	// few is one in how many statements those of StraggleFew are.
	few = 32
)

// state is alone on its cache lines: at level Off it is only read, and stays
// shared among the processors.
var state struct {
	_      [128]byte
	level  int
	seed   uint64
	_      [128]byte
	points uint64
	sleeps int
	spun   uint64 // keeps the result of spin alive
	// visited are elements, which are no points: they decide nothing.
	visited uint64
	// arrivals counts, up to 255, who came to a site, or to several that share a
	// counter.
	arrivals [1024]uint8
	_        [128]byte
}

// Set starts a new sequence of decisions. A level below Sparse turns noise off,
// one above StraggleFew is that. It is meant to be called while no instrumented code
// runs; calling it at another time is harmless.
//
//go:norace
func Set(seed uint64, level int) {
	state.level = Off
	state.seed = mix(seed)
	state.points = 0
	state.visited = 0
	state.sleeps = 0
	state.arrivals = [1024]uint8{}
	state.level = min(max(level, Off), StraggleFew)
}

// cpus is what CPUs answers, 0 for the truth, as it is while packages are
// initialised: a candidate that starts an endless goroutine for each processor there
// would take the judge that much longer.
var cpus int

// SetCPUs has CPUs answer n, or the truth where n is 0, and returns what it
// answered before.
//
//go:norace
func SetCPUs(n int) (before int) {
	before, cpus = cpus, n
	return before
}

// CPUs stands for runtime.NumCPU in a candidate, whose answer it is given.
//
//go:norace
func CPUs(real int) int {
	if cpus == 0 {
		return real
	}
	return cpus
}

// Point is At for code that was not numbered.
//
//go:norace
func Point() {
	if state.level != Off {
		disturb(0)
	}
}

// At is a point at which the calling goroutine may be delayed. The site is any
// number that tells the statement from others; the seed decides which sites
// are disturbed often.
//
//go:norace
func At(site uint32) {
	if state.level != Off {
		disturb(site)
	}
}

// disturb decides and acts. The decision depends on the seed, the site, the
// number of points so far, and the address of the stack, which tells
// goroutines apart.
//
//go:norace
//go:noinline
func disturb(site uint32) {
	n := state.points
	state.points = n + 1
	switch state.level {
	case Lockstep:
		if n < maxSteps {
			runtime.Gosched()
		}
		return
	case Straggle:
		straggle(site)
		return
	case StraggleFew:
		if mix(state.seed^uint64(site))%few == 0 {
			straggle(site)
		}
		return
	}
	where := uintptr(unsafe.Pointer(&n))
	h := mix(state.seed ^ mix(uint64(where)>>4+n<<32))

	// One site in four is hot.
	hot := mix(state.seed+uint64(site))&3 == 0
	// odds: an action happens once in 1<<odds points.
	odds := 7 - 2*state.level
	if hot {
		odds -= 2
	}
	odds = max(odds, 1) + bits.Len64(n/fullRate)
	if h&(1<<uint(odds)-1) != 0 {
		return
	}
	h >>= 32

	switch kind := h & 31; {
	case kind == 0 && state.sleeps < maxSleeps:
		state.sleeps++
		time.Sleep(time.Duration(1+(h>>5)&7) * time.Microsecond)
	case kind < 8:
		state.spun = spin(64 + (h>>5)&1023)
	case hot:
		// Several yields in a row let every runnable goroutine pass this one.
		for range 1 + (h>>5)&7 {
			runtime.Gosched()
		}
	default:
		runtime.Gosched()
	}
}

// straggle holds the goroutine up whose turn it is at the site.
//
//go:norace
func straggle(site uint32) {
	arrivals := &state.arrivals[mix(state.seed+uint64(site))%uint64(len(state.arrivals))]
	if *arrivals < 255 {
		*arrivals++
	}
	// Where everybody comes by the turn is soon over; at a statement that is seldom
	// reached it comes when the others are not held up any more.
	if turn := uint8(1 + state.seed%4); *arrivals == turn && state.sleeps < maxNaps {
		state.sleeps++
		time.Sleep(nap)
	}
}

// spin keeps the processor for about rounds nanoseconds.
//
//go:norace
//go:noinline
func spin(rounds uint64) uint64 {
	x := rounds
	for range rounds {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
//
//go:norace
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// After is a point behind the evaluation of value, which it returns: the place
// at which a snapshot that is put together from several reads is torn.
//
//go:norace
func After[T any](value T, site uint32) T {
	if state.level != Off {
		disturb(site)
	}
	return value
}
