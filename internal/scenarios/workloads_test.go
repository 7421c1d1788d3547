package scenarios

import (
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"racebench/internal/scenarios/harness"
)

func TestWorkloadsAreFoundByTheirName(t *testing.T) {
	kinds := map[string]int{}
	for _, w := range Workloads() {
		kind, ok := strings.CutPrefix(w.Name, w.Component+"/")
		if !ok {
			t.Errorf("%s does not begin with its component, %s", w.Name, w.Component)
		}
		kinds[kind]++
		if found, ok := FindWorkload(w.Name); !ok || found.Component != w.Component || found.Goroutines != w.Goroutines {
			t.Errorf("FindWorkload(%q) = %v, %v", w.Name, found, ok)
		}
	}
	for kind, n := range kinds {
		if n != 3 {
			t.Errorf("%d components have a workload %s, want 3", n, kind)
		}
	}
	if _, ok := FindWorkload("cache/no-such"); ok {
		t.Error("FindWorkload found what is not there")
	}
}

// TestWorkloadsDoTheirWork counts the operations, which have to be as many as
// were asked for, whatever the number of callers.
func TestWorkloadsDoTheirWork(t *testing.T) {
	for _, w := range Workloads() {
		t.Run(w.Name, func(t *testing.T) {
			for _, want := range []int64{0, 1, 7, 1000} {
				var got atomic.Int64
				counted := w
				counted.Prepare = func(goroutines, spin int) harness.Work {
					work := w.Prepare(goroutines, spin)
					operation := work.Operation
					work.Operation = func(g, i int, rng *rand.Rand) {
						got.Add(1)
						operation(g, i, rng)
					}
					return work
				}
				took, check := counted.Execute(int(want), 1, 3)
				if took <= 0 {
					t.Errorf("%d operations took %v", want, took)
				}
				if v := check(); v != nil {
					t.Errorf("%d operations: %+v", want, v)
				}
				if got.Load() != want {
					t.Errorf("%d operations, want %d", got.Load(), want)
				}
			}
		})
	}
}

func TestSpinDependsOnAllRounds(t *testing.T) {
	seen := map[uint64]int{}
	for rounds := range 1000 {
		x := harness.Spin(rounds)
		if before, ok := seen[x]; ok {
			t.Fatalf("%d and %d rounds return the same", before, rounds)
		}
		seen[x] = rounds
	}
}
