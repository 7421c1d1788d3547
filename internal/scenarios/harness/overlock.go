package harness

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"racebench/internal/noise"
)

// OverLocked reports that a component does, or waits for, more than it has to.
func (t *T) OverLocked(contract, message string, expected, observed any) {
	t.Report(NewViolation(kindOverLock, contract, message, fmt.Sprint(expected), fmt.Sprint(observed)))
}

// Uncontended runs clients with an instance each, first one after the other and
// then at once. No two of them ever meet in one instance, so a wait for a lock
// that happens only when they run at once is for a lock that the instances
// share. The runtime counts such waits with their stacks; no clock is involved.
// Noise makes the holder of a shared lock yield inside.
func (t *T) Uncontended(pkg string, instance func() func(*Client)) {
	const clients = 4
	mutexes := runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	var use [2 * clients]func(*Client)
	for i := range use {
		use[i] = instance()
	}
	// A wait within an instance, such as that of a call for an actor's answer,
	// happens alone, too, and says nothing.
	start := waits(pkg)
	noise.Set(t.Rand.Uint64(), noise.Medium)
	for _, f := range use[:clients] {
		t.Add(1, f)
		t.Run()
	}
	alone := waits(pkg)
	for _, f := range use[clients:] {
		t.Add(1, f)
	}
	noise.Set(t.Rand.Uint64(), noise.Medium)
	t.Run()
	together := waits(pkg)
	noise.Set(0, noise.Off)
	runtime.SetMutexProfileFraction(mutexes)
	runtime.SetBlockProfileRate(0)
	if !maps.Equal(start, alone) {
		return
	}
	for stack, n := range together {
		if n > alone[stack] {
			t.OverLocked("L3", "a goroutine waited for a lock although it alone uses the instance", "no wait", stack)
			return
		}
	}
}

// waits counts the waits so far for locks and channels whose operation was
// called by a method of the package, by stack. Waits inside the runtime and the
// standard library, such as for the allocator, are not the package's.
func waits(pkg string) map[string]int64 {
	counts := map[string]int64{}
	for _, profile := range []func([]runtime.BlockProfileRecord) (int, bool){runtime.MutexProfile, runtime.BlockProfile} {
		n, _ := profile(nil)
		records := make([]runtime.BlockProfileRecord, n+64)
		n, ok := profile(records)
		if !ok {
			continue
		}
		for _, r := range records[:n] {
			if stack := waiter(r.Stack(), pkg); stack != "" {
				counts[stack] += r.Count
			}
		}
	}
	return counts
}

// waiter describes a stack whose innermost frames are an operation of sync or a
// channel, called directly from the package; otherwise it returns "".
func waiter(stack []uintptr, pkg string) string {
	frames := runtime.CallersFrames(stack)
	operation := ""
	for {
		f, more := frames.Next()
		switch {
		case strings.HasPrefix(f.Function, "sync.(*Pool)"):
			return "" // sync.Pool has a lock of its own for all pools
		case strings.HasPrefix(f.Function, "sync.(") || strings.HasPrefix(f.Function, "internal/sync.(*Mutex"),
			strings.HasPrefix(f.Function, "runtime.chan"), strings.HasPrefix(f.Function, "runtime.selectgo"):
			if operation == "" {
				operation = f.Function
			}
		case operation != "" && strings.Contains(f.Function, pkg):
			return operation + " called by " + f.Function
		default:
			return ""
		}
		if !more {
			return ""
		}
	}
}

// Cost is what a call costs apart from time.
type Cost struct {
	bytes  uint64 // allocated
	points uint64 // statements of the component executed; 0 where it is not instrumented
}

// CostOf calls f a number of times and returns the median of what a call cost:
// a table that grows now and then is paid for by all calls, and shows in one.
func CostOf(f func(i int)) Cost {
	var bytes, points [calls]uint64
	var before, after runtime.MemStats
	noise.Set(1, noise.Sparse) // counts only while it is on
	for i := range calls {
		runtime.ReadMemStats(&before)
		at := noise.Points()
		f(i)
		points[i] = noise.Points() - at
		runtime.ReadMemStats(&after)
		bytes[i] = after.TotalAlloc - before.TotalAlloc
	}
	noise.Set(0, noise.Off)
	slices.Sort(bytes[:])
	slices.Sort(points[:])
	return Cost{bytes: bytes[calls/2], points: points[calls/2]}
}

// Few and Many are numbers of entries; calls is how often a method is called.
const (
	Few, Many = 64, 2048
	calls     = 25
)

// SameCost compares what a call costs with few and with many entries. What is
// copied or visited entry by entry costs a multiple of their number. Fewer of
// them would be hidden by constant costs, and more would take a component that
// copies everything on every call too long to fill.
func (t *T) SameCost(method string, small, large Cost) {
	if large.bytes >= 4*Many && large.bytes > 16*small.bytes {
		t.OverLocked("L4", method+" allocates in proportion to the number of entries",
			fmt.Sprintf("about %d bytes a call, as with %d entries", small.bytes, Few),
			fmt.Sprintf("%d bytes a call with %d entries", large.bytes, Many))
	}
	if large.points >= Many/2 && large.points > 16*small.points {
		t.OverLocked("L4", method+" visits entries in proportion to their number",
			fmt.Sprintf("about %d statements a call, as with %d entries", small.points, Few),
			fmt.Sprintf("%d statements a call with %d entries", large.points, Many))
	}
	t.Step()
}
