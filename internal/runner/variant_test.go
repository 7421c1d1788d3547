package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"racebench/internal/result"
)

// Who is right only as long as noise slows him down is found in some of the
// iterations, and the repro of such a finding leaves the noise out as well.
func TestSomeIterationsAreBare(t *testing.T) {
	var asked atomic.Int32
	worker := plain(t)
	o := Options{
		Iterations: 8, Parallel: 2,
		Bare: func(context.Context) (Binary, error) { asked.Add(1); return worker, nil },
		Repro: func(_ result.Finding, it result.Iteration) string {
			if it.Bare {
				return "without noise"
			}
			return "with noise"
		},
	}
	e := observe(t, o, "leak")
	if len(e.Iterations) != o.Iterations {
		t.Fatalf("%d iterations", len(e.Iterations))
	}
	for _, it := range e.Iterations {
		if want := it.Index == 3 || it.Index == 7; it.Bare != want {
			t.Errorf("iteration %d: bare is %v", it.Index, it.Bare)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times for the worker", n)
	}
	if len(e.Findings) == 0 || e.Findings[0].Repro.Command != "with noise" {
		t.Errorf("findings %+v", e.Findings)
	}

	// Every second iteration keeps the race detector, and few iterations keep
	// their noise.
	half := Options{Iterations: 100, Race: &Binary{}, Bare: o.Bare}
	counts := map[variant]int{}
	for i := range half.Iterations {
		counts[half.variant(i)]++
	}
	if counts[raced] != 50 || counts[bare] != 12 || half.variant(5) != raced || half.variant(6) != bare {
		t.Errorf("100 iterations: %v", counts)
	}
}

// Each iteration without noise has a process of its own: who found out something
// about it there finds it out again.
func TestBareWorkersAreFresh(t *testing.T) {
	worker := plain(t)
	o := Options{Iterations: 8, Parallel: 1, Bare: func(context.Context) (Binary, error) { return worker, nil }}
	e := observe(t, o, "first-time")
	if len(e.Findings) != 1 || !slices.Equal(e.Findings[0].Iterations, []int{0, 3, 7}) {
		t.Errorf("findings %+v", e.Findings)
	}
}

// A worker that cannot be had is racebench's trouble and no finding.
func TestBareWorkerMissing(t *testing.T) {
	o := Options{
		Launcher: launcher(t), Plain: plain(t), TempDir: t.TempDir(), Iterations: 4, Parallel: 1,
		Scenarios: []Scenario{{Name: "ok", Component: result.Cache}},
		Bare:      func(context.Context) (Binary, error) { return Binary{}, errors.New("no room for it") },
	}
	e, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Trouble) != 1 || !strings.Contains(e.Trouble[0], "no room for it") || e.Stopped == "" {
		t.Errorf("trouble %q, stopped %q", e.Trouble, e.Stopped)
	}
}
