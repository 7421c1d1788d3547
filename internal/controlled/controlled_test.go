package controlled_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"racebench"
	"racebench/internal/build"
	"racebench/internal/candidate"
	"racebench/internal/controlled"
	"racebench/internal/corpus"
	"racebench/internal/explore"
	"racebench/internal/result"
	"racebench/internal/runner"
	"racebench/internal/runner/isolate"
	"racebench/internal/scenarios"
)

// TestMain makes the test binary the launcher of the processes.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == isolate.Arg {
		os.Exit(isolate.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// options explore the named entry of the corpus, or the built-in components,
// with the scenarios whose names begin with one of the prefixes.
func options(t *testing.T, entry string, prefixes ...string) controlled.Options {
	t.Helper()
	tc, err := build.Detect(t.Context())
	if err != nil {
		t.Skipf("no Go toolchain: %v", err)
	}
	if err := explore.Supported(tc.Root, tc.Version); err != nil {
		t.Skip(err)
	}
	b, err := build.NewBuilder(tc, build.Options{})
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := controlled.Options{
		Builder: b, Sources: candidate.Builtin().Sources, Schedules: 150, Seed: 1,
		Launcher: runner.NewConfinement(runner.Options{Launcher: []string{exe, isolate.Arg}}),
		Repro:    func(scenario string) string { return "again " + scenario },
	}
	if entry != "" {
		all, err := corpus.Load(racebench.Corpus())
		if err != nil {
			t.Fatal(err)
		}
		found, err := all.Find(entry)
		if err != nil {
			t.Fatal(err)
		}
		o.Sources = found[0].Files()
	}
	for _, s := range scenarios.All() {
		if !s.Stress && slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s.Name, p) }) {
			o.Scenarios = append(o.Scenarios, controlled.Scenario{Name: s.Name, Component: result.Component(s.Component)})
		}
	}
	return o
}

func run(t *testing.T, o controlled.Options) *controlled.Evidence {
	t.Helper()
	e, err := controlled.Explore(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Trouble) > 0 {
		t.Fatalf("undecided: %q", e.Trouble)
	}
	return e
}

// TestWrongFixesAreFound: what the components do wrong comes with its kind, its
// place, its sentence and the way to see it again, and is the same each time.
func TestWrongFixesAreFound(t *testing.T) {
	for _, test := range []struct {
		entry, scenario string
		kind            result.Kind
		component       result.Component
		contract        string
	}{
		{"fail/cache-check-then-act", "cache/same-key", result.Invariant, result.Cache, "C5"},
		{"fail/cache-atomic-stats", "cache/clear-lookups", result.Invariant, result.Cache, "C7"},
		{"fail/cache-lock-order", "cache/accounting", result.Deadlock, result.Cache, "G3"},
		{"fail/workerpool-wait-gives-up", "workerpool/wait-held", result.Invariant, result.WorkerPool, "W10"},
	} {
		t.Run(strings.TrimPrefix(test.entry, "fail/"), func(t *testing.T) {
			o := options(t, test.entry, test.scenario)
			first := run(t, o)
			i := slices.IndexFunc(first.Findings, func(f result.Finding) bool { return f.Kind == test.kind && f.Confirmed })
			if i < 0 {
				t.Fatalf("no confirmed %s: %+v", test.kind, first.Findings)
			}
			f := first.Findings[i]
			if f.Origin != result.FromExploration || f.Severity != result.Error || f.Component != test.component ||
				f.Scenario != test.scenario || f.Repro.Command != "again "+test.scenario || !slices.Contains(f.Contract, test.contract) {
				t.Errorf("a finding without what belongs to it: %+v", f)
			}
			if test.kind == result.Deadlock && (len(f.Positions) == 0 || f.Positions[0].File != "cache/cache.go" || f.Positions[0].Line == 0) {
				t.Errorf("the deadlock is at %+v", f.Positions)
			}
			if d := cmp.Diff(first, run(t, o)); d != "" {
				t.Errorf("the same seed showed something else (-first +second):\n%s", d)
			}
		})
	}
}

// TestWaitingLongIsNoLivelock lets a right cache wait by looking again and again:
// hours of that are no livelock.
func TestWaitingLongIsNoLivelock(t *testing.T) {
	o := options(t, "pass/cache-mutex", "cache/single-flight")
	const file = "cache/cache.go"
	source := string(o.Sources[file])
	for _, edit := range [][2]string{
		{"\t\t<-f.done\n", "\t\tfor !f.over.Load() {\n\t\t\truntime.Gosched()\n\t\t}\n"},
		{"\t\tclose(f.done)\n", "\t\tf.over.Store(true)\n"},
		{"\tdone  chan struct{}\n", "\tover  atomic.Bool\n"},
		{"done: make(chan struct{}), ", ""},
		{"\t\"sync\"\n", "\t\"runtime\"\n\t\"sync\"\n\t\"sync/atomic\"\n"},
	} {
		if strings.Count(source, edit[0]) != 1 {
			t.Fatalf("the entry has changed: %q", edit[0])
		}
		source = strings.Replace(source, edit[0], edit[1], 1)
	}
	o.Sources[file] = []byte(source)
	if e := run(t, o); len(e.Findings) > 0 {
		t.Errorf("accused: %+v", e.Findings)
	}
}

// TestBuiltinComponentsAreClean: right components are not accused, and every
// component has its numbers.
func TestBuiltinComponentsAreClean(t *testing.T) {
	o := options(t, "", "cache/s", "counter/", "workerpool/l")
	e := run(t, o)
	if len(e.Findings) > 0 {
		t.Errorf("accused: %+v", e.Findings)
	}
	var of []result.Component
	schedules := 0
	for _, x := range e.Explorations {
		of = append(of, x.Component)
		schedules += x.Schedules
		if x.Distinct < 2 || x.Distinct > x.Schedules {
			t.Errorf("%s: %d of %d schedules are different", x.Component, x.Distinct, x.Schedules)
		}
	}
	if d := cmp.Diff(result.Components(), of); d != "" {
		t.Error(d)
	}
	if want := o.Schedules * len(o.Scenarios); schedules != want {
		t.Errorf("%d schedules, want %d", schedules, want)
	}
}

// TestCanary: every planted defect is found and no right twin is accused; a
// search that is blind is noticed.
func TestCanary(t *testing.T) {
	o := options(t, "")
	for _, blind := range []bool{false, true} {
		checks, err := controlled.Canary(t.Context(), o, blind)
		if err != nil {
			t.Fatal(err)
		}
		if len(checks) < 12 {
			t.Errorf("only %d checks", len(checks))
		}
		for _, c := range checks {
			if want := !blind || !c.Planted; c.OK != want {
				t.Errorf("blind %v: %s, planted %v: OK is %v: %s", blind, c.Detector, c.Planted, c.OK, c.Message)
			}
		}
	}
}
