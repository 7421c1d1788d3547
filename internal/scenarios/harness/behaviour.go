package harness

import "fmt"

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
