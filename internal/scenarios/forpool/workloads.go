package forpool

import (
	"fmt"
	"math/rand/v2"

	"racebench/internal/scenarios/harness"
	"racebench/internal/workerpool"
)

// Workloads returns what the performance of a worker pool is measured by.
func Workloads() []harness.Workload {
	return []harness.Workload{
		{Name: "workerpool/one-caller", Component: harness.WorkerPool, Goroutines: 1, Prepare: poolWork(0, 2, harness.Shared)},
		{Name: "workerpool/contended", Component: harness.WorkerPool, Goroutines: harness.Callers, Prepare: poolWork(0, 8, harness.Shared)},
		{Name: "workerpool/read-heavy", Component: harness.WorkerPool, Goroutines: harness.Callers, Prepare: poolWork(90, 4, harness.Shared)},
		{Name: "workerpool/write-heavy", Component: harness.WorkerPool, Goroutines: harness.Callers, Prepare: poolWork(10, 4, harness.Shared)},
		{Name: "workerpool/instances", Component: harness.WorkerPool, Goroutines: harness.Callers, Prepare: poolWork(10, 2, harness.Apart)},
	}
}

// poolWork reads the statistics in a percentage of the operations and submits
// in the rest. A task works as long as its caller does between two of them.
func poolWork(reads, workers int, apart bool) func(int, int) (func(int, int, *rand.Rand), func()) {
	return func(goroutines, spin int) (func(int, int, *rand.Rand), func()) {
		of, all := harness.Instances(goroutines, apart, func() *workerpool.Pool[uint64] { return workerpool.New[uint64](workers) })
		task := func() (uint64, error) { return harness.Spin(spin), nil }
		return func(g, i int, rng *rand.Rand) {
				p := of(g)
				switch {
				case rng.IntN(100) >= reads:
					if err := p.Submit(task); err != nil {
						panic(fmt.Sprintf("Submit to an open pool: %v", err))
					}
				case i%2 == 0:
					p.Stats()
				default:
					p.Pending()
				}
			}, func() {
				for _, p := range all {
					p.Wait()
				}
				for _, p := range all {
					p.Close()
				}
			}
	}
}
