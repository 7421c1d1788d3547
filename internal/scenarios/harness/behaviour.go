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
