package harness

import "time"

var origin = time.Now()

// Monotonic returns the nanoseconds since the process started, on the monotonic
// clock. It orders no goroutines.
func Monotonic() int64 { return int64(time.Since(origin)) }

var steps int64

// Steps counts its own calls. It is the clock for goroutines that take turns on
// one processor and are switched only at known points, where real time stands
// still; elsewhere concurrent calls would repeat numbers. The race detector
// does not see it, so it orders nothing.
//
//go:norace
func Steps() int64 {
	steps++
	return steps
}
