package harness

import (
	"fmt"
	"runtime"
	"time"
)

// Differs reports an answer that is not that of the contract.
func (t *T) Differs(contract, message string, expected, observed any) {
	t.Report(NewViolation(kindBehaviour, contract, message, fmt.Sprint(expected), fmt.Sprint(observed)))
}

// Panics reports whether f panics.
func Panics(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	f()
	return false
}

// Laps is more than a byte, or two, can count.
const Laps = 1 << 16

// LeavesNobody makes calls one after the other, on one processor, where what they
// have started has had no turn yet, and counts the goroutines afterwards: more than
// once, for where the machine is busy they may be given a turn all the same.
func (t *T) LeavesNobody(calls string, f func()) {
	const few, tries = 20, 3 // one may be on its way out
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range tries {
		before := runtime.NumGoroutine()
		f()
		if more := runtime.NumGoroutine() - before; more > few {
			t.Report(NewViolation(kindLeak, "G3", "goroutines left behind by "+calls, "none", fmt.Sprint(more)))
			return
		}
	}
}

// GoroutinesBeyond tells how many more goroutines there are than a number, if they are
// more than few for some time. While a collection frees the stacks of goroutines that
// have ended, the runtime counts these among those that live (markrootFreeGStacks in
// runtime/mgcmark.go).
func GoroutinesBeyond(number, few int) int {
	more := runtime.NumGoroutine() - number
	for try := 0; more > few && try < 10; try++ {
		time.Sleep(100 * time.Microsecond)
		more = min(more, runtime.NumGoroutine()-number)
	}
	return more
}
