// Package direct is what of the scenarios of worker pools has to be compiled with
// every candidate: how its pools are made, and the work by which their speed is
// measured, which calls them without anything between.
package direct

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"racebench/internal/protocol"
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
func poolWork(reads, workers int, apart bool) func(int, int) harness.Work {
	return func(goroutines, spin int) harness.Work {
		of, all := harness.Instances(goroutines, apart, func() *workerpool.Pool[uint64] { return workerpool.New[uint64](workers) })
		var ran atomic.Uint64
		task := func() (uint64, error) {
			ran.Add(1)
			return harness.Spin(spin), nil
		}
		operation := func(g, i int, rng *rand.Rand) {
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
		}
		end := func() {
			for _, p := range all {
				p.Wait()
			}
			for _, p := range all {
				p.Close()
			}
		}
		check := func(each func(func(int, int, *rand.Rand))) *protocol.Violation {
			submitted := map[*workerpool.Pool[uint64]]uint64{}
			each(func(g, _ int, rng *rand.Rand) {
				if rng.IntN(100) >= reads {
					submitted[of(g)]++
				}
			})
			total := uint64(0)
			for _, n := range submitted {
				total += n
			}
			if v := harness.Differs("W3", "tasks that ran", total, ran.Load(), ran.Load() < total); v != nil {
				return v
			}
			for _, p := range all {
				n := submitted[p]
				want := workerpool.Stats{Workers: workers, Stopped: workers, Submitted: n, Completed: n}
				got := p.Stats()
				less := got.Submitted <= n && got.Completed <= n
				if v := harness.Differs("W4", "the statistics of a closed pool whose tasks all succeeded", want, got, less); v != nil {
					return v
				}
			}
			return nil
		}
		return harness.Work{Operation: operation, End: end, Check: check}
	}
}
