package harness

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strings"

	"racebench/internal/noise"
)

// params is what the seed chose for one execution. All of it is fixed before
// the first client starts.
type params struct {
	procs   int  // GOMAXPROCS
	gc      int  // GOGC, or 0 to leave it
	garbage int  // bytes of garbage per operation
	yield   int  // a client yields after one in so many operations, or 0
	skew    int  // 0: keys are drawn evenly; more: a few are drawn often
	noise   int  // level of the noise in the component's code
	crowd   int  // adds to the number of clients
	cpus    int  // what runtime.NumCPU says, or 0 for the truth
	sleepy  bool // whether Linger also sleeps
}

func drawParams(rng *rand.Rand, small bool) params {
	if small {
		return params{skew: rng.IntN(2), sleepy: rng.IntN(4) == 0}
	}
	n := runtime.NumCPU()
	p := params{
		procs:  []int{1, 2, n, 4 * n}[Pick(rng, 15, 35, 25, 25)],
		yield:  []int{0, 2, 8, 32}[rng.IntN(4)],
		skew:   rng.IntN(3),
		noise:  []int{noise.Off, noise.Sparse, noise.Medium, noise.Heavy, noise.StraggleFew}[Pick(rng, 27, 23, 23, 17, 10)],
		crowd:  rng.IntN(3),
		sleepy: rng.IntN(2) == 0,
	}
	if rng.IntN(5) == 0 {
		p.gc = 10 + rng.IntN(40)
		p.garbage = 256 << rng.IntN(4)
	}
	p.cpus = []int{0, 1, 16, 64}[Pick(rng, 40, 15, 25, 20)]
	return p
}

// Pick draws an index, each as often as its weight says.
func Pick(rng *rand.Rand, weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	x := rng.IntN(sum)
	for i, w := range weights {
		if x < w {
			return i
		}
		x -= w
	}
	return len(weights) - 1
}

// apply sets the process up and returns what undoes it.
func (p params) apply(seed uint64) (restore func()) {
	procs := runtime.GOMAXPROCS(p.procs)
	gc := -2
	if p.gc > 0 {
		gc = debug.SetGCPercent(p.gc)
	}
	noise.Set(seed, p.noise)
	cpus := noise.SetCPUs(p.cpus)
	return func() {
		noise.Set(0, noise.Off)
		noise.SetCPUs(cpus)
		if gc != -2 {
			debug.SetGCPercent(gc)
		}
		runtime.GOMAXPROCS(procs)
	}
}

// Quietly does what only prepares: without noise, which gets rarer the more of it
// there is, and should be where goroutines meet.
func (t *T) Quietly(prepare func()) {
	noise.Set(0, noise.Off)
	prepare()
	noise.Set(t.cfg.Seed, t.par.noise)
}

// Lockstep lets the goroutines of the rest of the execution take turns, a statement
// of the component each.
func (t *T) Lockstep() {
	t.par.noise = noise.Lockstep
	runtime.GOMAXPROCS(1) // until the execution ends
	noise.Set(t.cfg.Seed, t.par.noise)
}

// Stragglers leaves behind, in the rest of the execution, one of the first visitors of
// each statement of the component, while the others go on.
func (t *T) Stragglers() { t.noisy(noise.Straggle) }

// FewStragglers does so at few statements, so that the others get far meanwhile.
func (t *T) FewStragglers() { t.noisy(noise.StraggleFew) }

// Disturb makes the noise in the rest of the execution as heavy as it gets.
func (t *T) Disturb() { t.noisy(noise.Heavy) }

func (t *T) noisy(level int) {
	t.par.noise = level
	noise.Set(t.Rand.Uint64(), level)
}

// Disturb has noise of that kind begin anew, at other statements. It grows less the
// longer an execution lasts.
func (c *Client) Disturb() { noise.Set(c.Rand.Uint64(), noise.Heavy) }

// String says in words what differs from a plain execution.
func (p params) String() string {
	var parts []string
	say := func(apply bool, format string, args ...any) {
		if apply {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	say(p.procs > 0, "GOMAXPROCS %d", p.procs)
	say(p.noise == noise.Lockstep, "goroutines take turns, a statement each")
	say(p.noise == noise.StraggleFew, "at few statements one of the first who come there is held up")
	say(p.noise == noise.Straggle, "one of the first who come to a statement is held up there")
	say(p.noise > noise.Off && p.noise < noise.Lockstep, "noise level %d of %d", p.noise, noise.Heavy)
	say(p.yield > 0, "a yield after 1 in %d operations", p.yield)
	say(p.skew > 0, "some keys drawn more often (skew %d)", p.skew)
	say(p.gc > 0, "GOGC %d, %d B of garbage an operation", p.gc, p.garbage)
	say(p.crowd > 0, "clients: %d more", p.crowd)
	say(p.cpus > 0, "runtime.NumCPU %d", p.cpus)
	return strings.Join(parts, ", ")
}

// Clients is the number of concurrent goroutines: about n, and two or three in
// small mode.
func (t *T) Clients(n int) int {
	if t.cfg.Small {
		return min(n, 2+int(t.Rand.Uint64()&1))
	}
	return n + t.par.crowd
}

// Size returns normal, or small in small mode. Under the race detector, which
// slows everything down and needs no repetition, a large number is halved.
func (t *T) Size(normal, small int) int {
	switch {
	case t.cfg.Small:
		return small
	case underRace && normal >= 16:
		return normal / 2
	default:
		return normal
	}
}

// LargeCache, LargePool, HugePool and VastPool are numbers of entries, and of workers, at which an implementation
// may be made otherwise: a cache is divided, a word has too few bits, a byte too few numbers.
const (
	LargeCache = 2048
	LargePool  = 70
	HugePool   = 300
	VastPool   = 2000
)

// Capacity returns that of a cache that is not to be filled: small, and
// sometimes large.
func (t *T) Capacity(small int) int {
	if !t.cfg.Small && t.Rand.IntN(4) == 0 {
		return LargeCache
	}
	return small
}

// Workers returns the number of workers of a pool: from 1 to most, and sometimes
// large.
func (t *T) Workers(most int) int {
	if !t.cfg.Small && t.Rand.IntN(16) == 0 {
		return []int{LargePool, HugePool}[t.Rand.IntN(2)]
	}
	return 1 + t.Rand.IntN(most)
}

// Key draws one of n keys, with the skew of the execution.
func (c *Client) Key(n int) int {
	u := c.Rand.Float64()
	return int(float64(n) * math.Pow(u, float64(1+c.T.par.skew)))
}

// Small reports whether the execution is small enough for its schedules to be
// explored.
func (t *T) Small() bool { return t.cfg.Small }

// Crowd adds to the number of clients.
func (t *T) Crowd() int { return t.par.crowd }
