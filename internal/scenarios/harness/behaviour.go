package harness

import (
	"fmt"
	"runtime"
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
// have started has had no turn yet, and counts the goroutines afterwards.
func (t *T) LeavesNobody(calls string, f func()) {
	const few = 20 // one may be on its way out
	procs := runtime.GOMAXPROCS(1)
	before := runtime.NumGoroutine()
	f()
	more := runtime.NumGoroutine() - before
	runtime.GOMAXPROCS(procs)
	if more > few {
		t.Differs("G3", "goroutines left behind by "+calls, "none", more)
	}
}
