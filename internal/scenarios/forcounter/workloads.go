package forcounter

import (
	"math/rand/v2"
	"time"

	"racebench/internal/counter"
	"racebench/internal/scenarios/harness"
)

// Workloads returns what the performance of a counter is measured by.
func Workloads() []harness.Workload {
	return []harness.Workload{
		{Name: "counter/one-caller", Component: harness.Counter, Goroutines: 1, Prepare: counterWork(10, harness.Shared)},
		{Name: "counter/contended", Component: harness.Counter, Goroutines: harness.Callers, Prepare: counterWork(0, harness.Shared)},
		{Name: "counter/read-heavy", Component: harness.Counter, Goroutines: harness.Callers, Prepare: counterWork(90, harness.Shared)},
		{Name: "counter/write-heavy", Component: harness.Counter, Goroutines: harness.Callers, Prepare: counterWork(10, harness.Shared)},
		{Name: "counter/instances", Component: harness.Counter, Goroutines: harness.Callers, Prepare: counterWork(10, harness.Apart)},
	}
}

// counterWork reads in a percentage of the operations and records in the rest.
func counterWork(reads int, apart bool) func(int, int) (func(int, int, *rand.Rand), func()) {
	return func(goroutines, _ int) (func(int, int, *rand.Rand), func()) {
		of, _ := harness.Instances(goroutines, apart, counter.New)
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
