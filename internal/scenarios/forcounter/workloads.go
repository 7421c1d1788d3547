package forcounter

import (
	"math/rand/v2"
	"time"

	"racebench/internal/counter"
	"racebench/internal/protocol"
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
func counterWork(reads int, apart bool) func(int, int) harness.Work {
	return func(goroutines, _ int) harness.Work {
		of, all := harness.Instances(goroutines, apart, counter.New)
		operation := func(g, i int, rng *rand.Rand) {
			c := of(g)
			switch {
			case rng.IntN(100) >= reads:
				c.RecordRequest(i%8 != 0, time.Microsecond)
			case i%2 == 0:
				c.Stats()
			default:
				c.SuccessRate()
			}
		}
		check := func(each func(func(int, int, *rand.Rand))) *protocol.Violation {
			recorded := map[*counter.Counter]counter.Stats{}
			each(func(g, i int, rng *rand.Rand) {
				if rng.IntN(100) < reads {
					return
				}
				one := counter.Stats{Total: 1, ProcessingTime: time.Microsecond}
				if i%8 != 0 {
					one.Succeeded = 1
				} else {
					one.Failed = 1
				}
				recorded[of(g)] = plus(recorded[of(g)], one)
			})
			for _, c := range all {
				want, got := recorded[c], c.Stats()
				if v := harness.Differs("M1", "the totals are not the sums of what was recorded", want, got, lacks(want, got)); v != nil {
					return v
				}
			}
			return nil
		}
		return harness.Work{Operation: operation, End: func() {}, Check: check}
	}
}
