package kit_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"racebench/internal/build"
	"racebench/internal/kit"
	"racebench/internal/result"
	"racebench/internal/runner"
	"racebench/internal/runner/isolate"
	"racebench/internal/scenarios"
	"racebench/internal/scenarios/harness"
)

// The test binary isolates the workers that it starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == isolate.Arg {
		os.Exit(isolate.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// hammer runs scenarios on the starter, in workers built as the judge does.
func hammer(t *testing.T, list []harness.Scenario, mode runner.RaceMode, iterations int) *runner.Evidence {
	t.Helper()
	toolchain, err := build.Detect(t.Context())
	if errors.Is(err, build.ErrNoToolchain) || mode != runner.RaceNone && !toolchain.Race {
		t.Skipf("needs a Go toolchain with the race detector: %v%s", err, toolchain.RaceMissing)
	}
	if err != nil {
		t.Fatal(err)
	}
	builder, err := build.NewBuilder(toolchain, build.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string][]byte{}
	for _, f := range kit.Files() {
		switch f.Name {
		case "cache/cache.go", "counter/counter.go", "workerpool/workerpool.go":
			sources[f.Name] = f.Data
		}
	}
	worker := func(race bool) runner.Binary {
		b, err := builder.Worker(t.Context(), sources, build.Variant{Race: race, Noise: true, Leak: toolchain.Leak})
		if err != nil {
			t.Fatal(err)
		}
		return runner.Binary{Path: b.Path, Race: b.Race}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := runner.Options{
		Launcher: []string{self, isolate.Arg}, Plain: worker(false), RaceMode: mode,
		Iterations: iterations, Seed: 1, Timeout: 10 * time.Second, Parallel: 2, Sources: sources,
	}
	if mode != runner.RaceNone {
		race := worker(true)
		o.Race = &race
	}
	for _, s := range list {
		o.Scenarios = append(o.Scenarios, runner.Scenario{Name: s.Name, Component: result.Component(s.Component)})
	}
	e, err := runner.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, trouble := range e.Trouble {
		t.Errorf("trouble: %s", trouble)
	}
	if len(e.Iterations) != iterations {
		t.Fatalf("%d iterations, want %d", len(e.Iterations), iterations)
	}
	return e
}

// TestStarterPassesTheGate: as long as one goroutine drives a component, it
// behaves as the contract says.
func TestStarterPassesTheGate(t *testing.T) {
	e := hammer(t, scenarios.Gates(), runner.RaceNone, 50)
	for _, f := range e.Findings {
		t.Errorf("%s in %s: %s; expected %s, observed %s", f.Kind, f.Scenario, f.Message, f.Expected, f.Observed)
	}
	for _, i := range e.Iterations {
		if !i.Passed {
			t.Errorf("iteration %d with seed %d did not pass: %q", i.Index, i.Seed, i.Failed)
		}
	}
}

// TestStarterIsBroken: the evidence costs the starter each of the first three
// categories of docs/rubric.md whole.
func TestStarterIsBroken(t *testing.T) {
	const iterations = 4
	e := hammer(t, scenarios.All(), runner.RaceHalf, iterations)
	for _, i := range e.Iterations {
		if i.Passed {
			t.Errorf("iteration %d passed", i.Index)
		}
	}
	seen := map[string]int{} // in how many iterations
	for _, f := range e.Findings {
		key := fmt.Sprint(f.Component, " ", f.Kind)
		seen[key] = max(seen[key], len(f.Iterations))
	}
	for _, component := range result.Components() {
		if seen[fmt.Sprint(component, " ", result.DataRace)] == 0 {
			t.Errorf("no data race seen in %s", component)
		}
		if !slices.ContainsFunc([]result.Kind{result.LostUpdate, result.Invariant, result.NotLinearizable}, func(k result.Kind) bool {
			return seen[fmt.Sprint(component, " ", k)] > 0
		}) {
			t.Errorf("no wrong answer seen from %s", component)
		}
	}
	if n := seen[fmt.Sprint(result.WorkerPool, " ", result.Deadlock)]; n < iterations/2 {
		t.Errorf("the pool hung in %d of %d iterations, want at least half", n, iterations)
	}
}
