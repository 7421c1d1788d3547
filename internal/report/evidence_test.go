package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"racebench/internal/result"
	"racebench/internal/scoring"
)

// TestFewFindingsShowEveryComponent: twelve races of the cache do not hide the
// one deadlock of the pool.
func TestFewFindingsShowEveryComponent(t *testing.T) {
	var fs []result.Finding
	for i := range 40 {
		fs = append(fs, result.Finding{ID: fmt.Sprint("race", i), Component: result.Cache, Kind: result.DataRace, Severity: result.Error})
	}
	fs = append(fs,
		result.Finding{ID: "invariant", Component: result.Cache, Kind: result.Invariant, Severity: result.Error},
		result.Finding{ID: "warning", Component: result.Counter, Kind: result.Static, Severity: result.Warning},
		result.Finding{ID: "deadlock", Component: result.WorkerPool, Kind: result.Deadlock, Severity: result.Error},
	)
	var ids []string
	for _, f := range choose(fs, 5) {
		ids = append(ids, f.ID)
	}
	if want := []string{"race0", "race1", "race2", "invariant", "deadlock"}; !slices.Equal(ids, want) {
		t.Errorf("chosen: %v, want %v", ids, want)
	}
	if n := len(choose(fs, 50)); n != len(fs) {
		t.Errorf("%d of %d chosen, though there was room for all", n, len(fs))
	}
}

// hung is a deadlock as the runner reports it: the candidate, called from a
// load function of racebench's that the candidate called.
func hung() result.Finding {
	at := func(file string) result.Position { return result.Position{File: file, Line: 1} }
	return result.Finding{
		Kind: result.Deadlock, Origin: result.FromHammer, Severity: result.Error, Component: result.Cache, Scenario: "cache/loads",
		Message: "blocked", Confirmed: true,
		Detail: []string{"Results() = [" + strings.Repeat("1234567 ", 200) + "]"},
		Stacks: []result.Stack{
			{Title: "goroutine 5 (running) created at", Frames: []result.Position{at("sync/waitgroup.go"), at("internal/scenarios/harness.go")}},
			{Title: "goroutine 8 [running]", Frames: []result.Position{at("runtime/debug/stack.go"), at("internal/scenarios/guard.go"), {File: "panic/panic.go", Function: "panic"}, at("counter/counter.go"), at("internal/scenarios/rates.go"), at("internal/scenarios/harness.go")}},
			{Title: "goroutine 6 (running) created at", Frames: []result.Position{at("workerpool/workerpool.go"), at("internal/scenarios/pool.go"), at("internal/scenarios/harness.go")}},
		},
		WaitsFor: []result.Wait{{
			Goroutine: "goroutine 7", State: "sync.Mutex.Lock", For: "the lock c.mu",
			At: []result.Position{
				at("sync/mutex.go"), at("cache/cache.go"), at("internal/scenarios/load.go"), at("cache/other.go"),
				at("internal/scenarios/caller.go"), at("internal/scenarios/harness.go"),
			},
			CreatedBy: &result.Position{File: "internal/scenarios/harness.go"},
		}},
	}
}

func TestStacksEndWhereTheCandidateWasCalled(t *testing.T) {
	short, full := findingBody(hung(), 0, false), findingBody(hung(), 0, true)
	for _, want := range []string{"sync/mutex.go", "internal/scenarios/load.go", "cache/other.go", "internal/scenarios/caller.go"} {
		if !strings.Contains(short, want) {
			t.Errorf("%s is missing:\n%s", want, short)
		}
	}
	if strings.Contains(short, "harness.go") {
		t.Errorf("racebench's own frames are shown:\n%s", short)
	}
	if !strings.Contains(full, "harness.go") {
		t.Errorf("everything was asked for:\n%s", full)
	}
	if n := len(short); n > 1000 {
		t.Errorf("a line of %d bytes was not clipped", n)
	}

	f := hung()
	f.WaitsFor = nil
	if short := findingBody(f, 0, false); strings.Contains(short, "goroutine 5") || !strings.Contains(short, "goroutine 6") {
		t.Errorf("of the two goroutines the candidate started the second:\n%s", short)
	}
	if short := findingBody(f, 0, false); strings.Contains(short, "guard.go") || !strings.Contains(short, "counter/counter.go") {
		t.Errorf("a panic's stack begins in the candidate:\n%s", short)
	}
}

// TestBriefShowsNoFrameOfRacebench, in any format.
func TestBriefShowsNoFrameOfRacebench(t *testing.T) {
	r := &result.Result{
		Findings:    []result.Finding{hung()},
		Measurement: &result.Measurement{Probes: []result.Probe{{Component: result.Cache, Sentence: "L2", Observed: "held for 17 ms"}}},
	}
	s := scoring.Of(r)
	for name := range formats {
		out := render(t, name, Document{Result: r, Score: &s, Brief: true})
		for _, secret := range []string{"internal/scenarios", "1234567", "17 ms"} {
			if strings.Contains(out, secret) {
				t.Errorf("%s shows %q:\n%s", name, secret, out)
			}
		}
		if !strings.Contains(out, "cache/other.go") {
			t.Errorf("%s does not say where in the candidate", name)
		}
	}
	if r.Findings[0].Detail == nil || r.Measurement.Probes[0].Observed == "" {
		t.Error("the full result was changed")
	}
}

// TestBriefHasTheSameScore: a rare deadlock costs half, and the report that is
// saved for the people judged says so when it is read again.
func TestBriefHasTheSameScore(t *testing.T) {
	rare := hung()
	rare.Iterations = []int{3}
	r := &result.Result{
		Requested: 100, Findings: []result.Finding{rare}, RulesRan: true,
		Measurement: &result.Measurement{Probes: []result.Probe{{Component: result.Cache, Sentence: "L2", Name: "probe", Observed: "held for 17 ms"}}},
	}
	for i := range 100 {
		r.Iterations = append(r.Iterations, result.Iteration{Index: i, Seed: uint64(i), Passed: i != 3, Complete: i != 3})
	}
	full := scoring.Of(r)
	short := brief(Document{Result: r, Score: &full})
	again := scoring.Of(short.Result)
	for i, c := range full.Categories {
		if c.Points != short.Score.Categories[i].Points || c.Points != again.Categories[i].Points {
			t.Errorf("%s: %g points, brief %g, read again %g", c.Name, c.Points, short.Score.Categories[i].Points, again.Categories[i].Points)
		}
	}
	if full.Categories[1].Points < 10 {
		t.Fatalf("a rare deadlock costs half: %+v", full.Categories[1])
	}
}

func TestAlikeLinesAreOne(t *testing.T) {
	got := alike([]string{"pool/a hung 5 times", "go.mod is ignored", "pool/b hung 5 times", "pool/c hung 6 times", "pool/d hung 5 times", "short"})
	want := []string{"each of pool/a, pool/b, pool/d hung 5 times", "go.mod is ignored", "pool/c hung 6 times", "short"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestCriteriaOfWhatWasNotJudged: what was not seen is not called broken.
func TestCriteriaOfWhatWasNotJudged(t *testing.T) {
	for what, c := range map[string]struct {
		r    result.Result
		want string
	}{
		"error":        {result.Result{Requested: 100, Candidate: result.Candidate{Unjudgeable: "does not compile"}}, ""},
		"inconclusive": {result.Result{Requested: 100, Trouble: []string{"no toolchain"}}, "not shown to hold:"},
	} {
		s := scoring.Of(&c.r)
		out := render(t, "text", Document{Result: &c.r, Score: &s})
		if strings.Contains(out, "not held:") {
			t.Errorf("%s: criteria are called broken:\n%s", what, out)
		}
		if !strings.Contains(out, c.want) {
			t.Errorf("%s: %q is missing:\n%s", what, c.want, out)
		}
	}
}

// TestLongEvidenceIsWrapped: prose and calls hang below themselves, tables stay.
func TestLongEvidenceIsWrapped(t *testing.T) {
	for line, want := range map[string]string{
		"short": "short",
		"  client 0 [1, 2 ns] Stats() = {Hits:1 Misses:2}": "  client 0 [1, 2 ns]\n      Stats() = {Hits:1\n      Misses:2}",
		"   1  Lock mutex 1 cache.go:126 (Delete)":         "   1  Lock mutex 1 cache.go:126 (Delete)",
	} {
		if got := detail(line, 24); got != want {
			t.Errorf("%q becomes %q, want %q", line, got, want)
		}
	}
}
