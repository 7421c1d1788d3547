package judge_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"racebench"
	"racebench/internal/build"
	"racebench/internal/candidate"
	"racebench/internal/corpus"
	"racebench/internal/judge"
	"racebench/internal/result"
	"racebench/internal/runner"
	"racebench/internal/runner/isolate"
	"racebench/internal/scoring"
)

// TestMain makes the test binary the launcher that the judge starts itself as.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == isolate.Arg {
		os.Exit(isolate.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// options are small: what these tests are about is not how often.
func options(t *testing.T, c *candidate.Candidate) judge.Options {
	t.Helper()
	if _, err := build.Detect(t.Context()); err != nil {
		t.Skipf("no Go toolchain: %v", err)
	}
	return judge.Options{
		Candidate: c, Score: true, SkipTiming: true,
		Iterations: 2, Seed: 1, Timeout: 10 * time.Second, Parallel: 2, Race: judge.RaceAuto,
	}
}

func run(t *testing.T, o judge.Options) *result.Result {
	t.Helper()
	r, err := judge.Judge(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestBlindDetectorsAreNoticed: with any detector out of order the canary says
// so, and the verdict on right code is inconclusive.
func TestBlindDetectorsAreNoticed(t *testing.T) {
	ways := []struct {
		name  string
		blind judge.Blind
		// detector begins the names of the checks that must fail.
		detector string
		needs    string
	}{
		{"race log not read", judge.Blind{Detectors: runner.Detectors{RaceLog: true}}, "race log", result.RaceDetector},
		{"leak profile off", judge.Blind{Detectors: runner.Detectors{LeakProfile: true}}, "leak profile", result.LeakProfile},
		{"history check skipped", judge.Blind{Detectors: runner.Detectors{History: true}}, "history check", result.Toolchain},
		{"dump parser off", judge.Blind{Detectors: runner.Detectors{Dumps: true}}, "dump parser", result.Toolchain},
		{"schedules off", judge.Blind{Schedules: true}, "controlled schedules", result.ScheduleSearch},
		{"rules off", judge.Blind{Rules: true}, "static rules", result.Toolchain},
		{"nothing off", judge.Blind{}, "", result.Toolchain},
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			o := options(t, candidate.Builtin())
			o.Scenarios = []string{"counter/exact-totals"}
			o.Components, o.Schedules = []result.Component{result.Counter}, 2
			o.Blind = way.blind
			if way.detector != "" && way.needs != result.RaceDetector {
				o.Race = judge.RaceOff // the last one has every detector at work
			}
			r := run(t, o)
			if !slices.ContainsFunc(r.Capabilities, func(c result.Capability) bool { return c.Name == way.needs && c.Available }) {
				t.Skipf("this machine has no %s", way.needs)
			}
			for _, c := range r.Canary {
				blinded := way.detector != "" && strings.HasPrefix(c.Detector, way.detector)
				if c.Planted && c.OK == blinded {
					t.Errorf("detector %q: OK is %v (%s)", c.Detector, c.OK, c.Message)
				}
				if !c.Planted && !c.OK && way.detector == "" {
					t.Errorf("detector %q accused a right twin: %s", c.Detector, c.Message)
				}
			}
			s := scoring.Of(r)
			named := slices.ContainsFunc(s.Inconclusive, func(why string) bool { return strings.Contains(why, `canary: detector "`+way.detector) })
			if named != (way.detector != "") || s.Status != scoring.Inconclusive {
				t.Errorf("status %s, inconclusive because of %q", s.Status, s.Inconclusive)
			}
		})
	}
}

// entry is a candidate of the corpus.
func entry(t *testing.T, name string) *candidate.Candidate {
	t.Helper()
	all, err := corpus.Load(racebench.Corpus())
	if err != nil {
		t.Fatal(err)
	}
	found, err := all.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return candidate.FromSources(found[0].Name, found[0].Files())
}

// TestWrongFixIsExposed: a fix without a data race is caught at run time, and
// every finding has a command that shows it again.
func TestWrongFixIsExposed(t *testing.T) {
	o := options(t, entry(t, "fail/counter-atomics-per-field"))
	o.Iterations = 100
	o.Enough = func(found []result.Finding) bool {
		return slices.ContainsFunc(found, func(f result.Finding) bool {
			return f.Origin == result.FromHammer && f.Confirmed && f.Severity == result.Error
		})
	}
	r := run(t, o)
	atRunTime := slices.ContainsFunc(r.Findings, func(f result.Finding) bool {
		return f.Origin == result.FromHammer && f.Component == result.Counter && f.Confirmed
	})
	if !atRunTime {
		t.Errorf("no finding at run time: %+v", r.Findings)
	}
	for _, f := range r.Findings {
		if !strings.HasPrefix(f.Repro.Command, "racebench ") {
			t.Errorf("%s: no command shows it again", f.ID)
		}
	}
	if s := scoring.Of(r); s.ExitCode() != 1 {
		t.Errorf("status %s, exit code %d", s.Status, s.ExitCode())
	}
}

// TestCompileErrorIsTheCandidates: it is the candidate's own fault, an error with score 0, in the
// compiler's words.
func TestCompileErrorIsTheCandidates(t *testing.T) {
	sources := candidate.Builtin().Sources
	sources["counter/more.go"] = []byte("package counter\n\nvar unused int = \"no\"\n")
	r := run(t, options(t, candidate.FromSources("broken", sources)))
	s := scoring.Of(r)
	if s.Status != scoring.Error || s.Score == nil || *s.Score != 0 || !strings.Contains(s.Message, "counter/more.go:3") {
		t.Errorf("got %s: %s", s.Status, s.Message)
	}
}

// TestCancelledJudgementIsPartial: what was seen until then is reported.
func TestCancelledJudgementIsPartial(t *testing.T) {
	o := options(t, candidate.Builtin())
	o.Iterations = 100000
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o.Progress = func(p judge.Progress) {
		if p.Phase == "hammer" && p.Done > 0 {
			cancel()
		}
	}
	r, err := judge.Judge(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if s := scoring.Of(r); !r.Interrupted || s.Status != scoring.Interrupted || len(r.Iterations) == 0 {
		t.Errorf("interrupted %v, status %s, %d iterations", r.Interrupted, s.Status, len(r.Iterations))
	}
}

// TestCancelledBeforeItBegan: what was not looked for is not said to be missing.
func TestCancelledBeforeItBegan(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t, candidate.Builtin())
	cancel()
	r, err := judge.Judge(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Interrupted || len(r.Limits) > 0 || len(r.Capabilities) > 0 {
		t.Errorf("interrupted %v, limits %q, capabilities %+v", r.Interrupted, r.Limits, r.Capabilities)
	}
}

// TestBudget: a candidate that takes too long is not interrupted, but bounded.
func TestBudget(t *testing.T) {
	o := options(t, candidate.Builtin())
	o.Iterations = 100000
	o.Budget = 5 * time.Second
	r := run(t, o)
	if s := scoring.Of(r); r.Interrupted || r.Stopped == "" || s.Status != scoring.Inconclusive {
		t.Errorf("interrupted %v, stopped %q, status %s", r.Interrupted, r.Stopped, s.Status)
	}
}

// TestOneComponent: where one component is judged, nothing of the others is run,
// and no pass comes of it.
func TestOneComponent(t *testing.T) {
	o := options(t, candidate.Builtin())
	o.Components = []result.Component{result.Counter}
	o.Schedules = 2
	r := run(t, o)
	if len(r.Scenarios) == 0 || len(r.Explorations) != 1 || len(r.Measurement.Probes) == 0 {
		t.Errorf("%d scenarios, %d explorations, probes %v", len(r.Scenarios), len(r.Explorations), r.Measurement.Probes)
	}
	for _, s := range r.Scenarios {
		if s.Component != result.Counter {
			t.Errorf("%s was run", s.Name)
		}
	}
	for _, p := range r.Measurement.Probes {
		if p.Component != result.Counter {
			t.Errorf("%s was carried out", p.Name)
		}
	}
	s := scoring.Of(r)
	if s.Status != scoring.Inconclusive || !slices.Contains(s.Inconclusive, "the gate of cache was not run") {
		t.Errorf("status %s, inconclusive because of %q", s.Status, s.Inconclusive)
	}
}
