package scoring

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"racebench/internal/result"
)

// clean is what a right fix leaves behind.
func clean() *result.Result {
	r := &result.Result{SchemaVersion: result.SchemaVersion, Requested: 100, RulesRan: true}
	for i := range 100 {
		r.Iterations = append(r.Iterations, result.Iteration{Index: i, Passed: true, Complete: true})
	}
	for _, c := range result.Components() {
		r.Gate = append(r.Gate, result.Gate{Component: c, Ran: true, Passed: true})
	}
	r.Canary = []result.CanaryCheck{{Detector: "race", Planted: true, OK: true}}
	r.Measurement = &result.Measurement{Slowdown: []result.Slowdown{
		{Component: result.Cache, Ratio: 1, Low: 0.9, High: 1.1},
		{Component: result.Counter, Ratio: 0.8, Low: 0.7, High: 0.9},
	}}
	return r
}

// failing makes n iterations fail; incomplete ones did not reach their end.
func failing(r *result.Result, n int, incomplete bool) {
	for i := range n {
		r.Iterations[i].Passed = false
		r.Iterations[i].Complete = !incomplete
	}
}

func finding(k result.Kind, c result.Component, iterations ...int) result.Finding {
	return result.Finding{
		ID: string(k) + "/" + string(c), Kind: k, Component: c, Origin: result.FromHammer,
		Severity: result.Error, Confirmed: true, Message: "seen", Iterations: iterations,
	}
}

func TestRubric(t *testing.T) {
	tests := []struct {
		name   string
		change func(*result.Result)
		score  float64
		status Status
		lost   []CategoryID
	}{
		{"a right fix", func(*result.Result) {}, 100, Pass, nil},
		{"96 of 100", func(r *result.Result) {
			failing(r, 4, false)
			r.Findings = append(r.Findings, finding(result.Invariant, result.Cache, 0, 1, 2, 3))
		}, 30 + 30 + 20 + 9.6, Partial, []CategoryID{RaceTests, Performance}},
		{"80 of 100 with a race", func(r *result.Result) {
			failing(r, 20, false)
			r.Findings = append(r.Findings, finding(result.DataRace, result.Cache, 0))
		}, 71.3, Partial, []CategoryID{RaceTests, Sync, Performance}}, // 20+30+13.333+8
		{"half", func(r *result.Result) {
			failing(r, 50, false)
			r.Findings = append(r.Findings, finding(result.Panic, result.Cache, 0))
		}, 10 + 30 + 20 + 5, Partial, []CategoryID{RaceTests, Performance}},
		{"none passes, all race", func(r *result.Result) {
			failing(r, 100, false)
			for _, c := range result.Components() {
				r.Findings = append(r.Findings, finding(result.DataRace, c, 0))
			}
		}, 30, Fail, []CategoryID{RaceTests, Sync, Performance}},
		{"a torn snapshot costs the third", func(r *result.Result) {
			failing(r, 1, false)
			f := finding(result.Invariant, result.WorkerPool, 0)
			f.Contract = []string{"W7"}
			r.Findings = append(r.Findings, f)
		}, 30 + 30 + 13.3 + 9.9, Partial, []CategoryID{RaceTests, Sync, Performance}},
		{"a deadlock in a tenth of the iterations", func(r *result.Result) {
			failing(r, 10, true)
			r.Findings = append(r.Findings, finding(result.Deadlock, result.Cache, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
		}, 20 + 0 + 20 + 9, Partial, []CategoryID{RaceTests, Deadlocks, Performance}},
		{"a rare deadlock", func(r *result.Result) {
			failing(r, 4, true)
			r.Findings = append(r.Findings, finding(result.Deadlock, result.Cache, 0, 1, 2, 3))
		}, 30 + 14.4 + 20 + 9.6, Partial, []CategoryID{RaceTests, Deadlocks, Performance}},
		{"a leak does not fail the iteration", func(r *result.Result) {
			r.Findings = append(r.Findings, finding(result.GoroutineLeak, result.WorkerPool, 0, 1, 2, 3, 4))
		}, 70, Partial, []CategoryID{Deadlocks}},
		{"a lock order that never closed", func(r *result.Result) {
			f := finding(result.LockOrder, result.Cache)
			f.Potential, f.Origin = true, result.FromExploration
			r.Findings = append(r.Findings, f)
		}, 85, Partial, []CategoryID{Deadlocks}},
		{"a lock left held on an error path, by a rule", func(r *result.Result) {
			f := finding(result.Static, result.Cache)
			f.Potential, f.Origin = true, result.FromRules
			r.Findings = append(r.Findings, f)
		}, 40 + 15 + 13.3 + 10, Partial, []CategoryID{Deadlocks, Sync}},
		{"exploration caps the race tests", func(r *result.Result) {
			f := finding(result.NotLinearizable, result.Counter)
			f.Origin = result.FromExploration
			r.Findings = append(r.Findings, f)
		}, 20 + 30 + 13.3 + 10, Partial, []CategoryID{RaceTests, Sync}},
		{"so does what goes wrong while speed is measured", func(r *result.Result) {
			f := finding(result.LostUpdate, result.Counter)
			f.Origin = result.FromMeasurement
			r.Findings = append(r.Findings, f)
		}, 20 + 30 + 13.3 + 10, Partial, []CategoryID{RaceTests, Sync}},
		{"warnings take half of a third, together", func(r *result.Result) {
			f := finding(result.Static, result.Cache)
			f.Severity = result.Warning
			r.Findings = append(r.Findings, f, f)
		}, 96.7, Pass, []CategoryID{Sync}},
		{"an error and a warning take no more than the third", func(r *result.Result) {
			w := finding(result.Static, result.Cache)
			w.Severity = result.Warning
			r.Findings = append(r.Findings, w, finding(result.Static, result.Cache))
		}, 93.3, Partial, []CategoryID{Sync}},
		{"slowdown of 1.8", func(r *result.Result) {
			r.Measurement.Slowdown[1] = result.Slowdown{Component: result.Counter, Ratio: 1.8, Low: 1.7, High: 1.9}
		}, 98, Pass, []CategoryID{Performance}},
		{"an interval that straddles a border earns the better band", func(r *result.Result) {
			r.Measurement.Slowdown[1] = result.Slowdown{Component: result.Counter, Ratio: 1.6, Low: 1.4, High: 1.8}
		}, 100, Pass, nil},
		{"slowdown of 5 is no pass, whatever the points", func(r *result.Result) {
			r.Measurement.Slowdown[1] = result.Slowdown{Component: result.Counter, Ratio: 5, Low: 4.8, High: 5.2}
		}, 92, Partial, []CategoryID{Performance}},
		{"a suite that became slow", func(r *result.Result) {
			r.Measurement.CandidateTime, r.Measurement.BaselineTime = 70*time.Second, 20*time.Second
		}, 95, Pass, []CategoryID{Performance}},
		{"over-locking", func(r *result.Result) {
			r.Measurement.Probes = []result.Probe{{Component: result.Cache, Sentence: "L2", Name: "probe/cache", Observed: "hangs"}}
			r.Findings = append(r.Findings, finding(result.OverLocking, result.Cache))
		}, 90, Partial, []CategoryID{Performance}},
		{"slow is no defect", func(r *result.Result) {
			r.Findings = append(r.Findings, finding(result.Slow, result.Cache))
		}, 100, Pass, nil},
		{"the gate", func(r *result.Result) {
			f := finding(result.Behaviour, result.Cache)
			f.Origin = result.FromGate
			r.Findings = append(r.Findings, f)
		}, 0, Fail, []CategoryID{RaceTests, Deadlocks, Sync, Performance}},
		{"an exit", func(r *result.Result) {
			r.Findings = append(r.Findings, finding(result.Hostile, result.Cache))
		}, 0, Fail, []CategoryID{RaceTests, Deadlocks, Sync, Performance}},
		{"a limit that no fix comes near", func(r *result.Result) {
			r.Findings = append(r.Findings, finding(result.ResourceLimit, result.Cache))
		}, 0, Fail, []CategoryID{RaceTests, Deadlocks, Sync, Performance}},
		{"cannot be judged", func(r *result.Result) {
			*r = result.Result{Candidate: result.Candidate{Unjudgeable: "cache/cache.go is missing"}}
		}, 0, Error, []CategoryID{RaceTests, Deadlocks, Sync, Performance}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := clean()
			tt.change(r)
			s := Of(r)
			if s.Score == nil {
				t.Fatalf("no score, status %s: %s", s.Status, s.Message)
			}
			if math.Abs(*s.Score-tt.score) > 1e-9 || s.Status != tt.status {
				t.Errorf("got %.1f %s (%s), want %.1f %s", *s.Score, s.Status, s.Message, tt.score, tt.status)
			}
			if got := s.LostCategories(); !equalIDs(got, tt.lost) {
				t.Errorf("lost %v, want %v", got, tt.lost)
			}
			for _, c := range s.Categories {
				for _, l := range c.Losses {
					if l.Reason == "" {
						t.Errorf("%s lost %.1f points without a reason", c.Name, l.Points)
					}
				}
			}
		})
	}
}

func equalIDs(a, b []CategoryID) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestInconclusive: what racebench could not do is never a pass, and never a 0,
// but a confirmed finding still stands.
func TestInconclusive(t *testing.T) {
	ways := map[string]func(*result.Result){
		"canary missed":       func(r *result.Result) { r.Canary[0].OK = false },
		"canary not run":      func(r *result.Result) { r.Canary = nil },
		"no rules":            func(r *result.Result) { r.RulesRan = false },
		"not measured":        func(r *result.Result) { r.Measurement = nil },
		"gate not run":        func(r *result.Result) { r.Gate[1].Ran = false },
		"a gate left out":     func(r *result.Result) { r.Gate = r.Gate[1:] },
		"trouble":             func(r *result.Result) { r.Trouble = []string{"disk full"} },
		"undecided histories": func(r *result.Result) { r.Scenarios = []result.ScenarioTotals{{Undecided: 1}} },
		"cut short":           func(r *result.Result) { r.Iterations = r.Iterations[:60] },
		"asked for too little": func(r *result.Result) {
			r.Requested = 20
			r.Iterations = r.Iterations[:20]
		},
		"no race detector": func(r *result.Result) {
			r.Capabilities = []result.Capability{{Name: result.RaceDetector, Required: true}}
		},
	}
	for name, blind := range ways {
		t.Run(name, func(t *testing.T) {
			r := clean()
			blind(r)
			s := Of(r)
			if s.Status != Inconclusive || s.Score != nil || s.ExitCode() != 3 {
				t.Errorf("got status %s, score %v, exit %d; want inconclusive without a score", s.Status, s.Score, s.ExitCode())
			}
			r.Findings = append(r.Findings, finding(result.DataRace, result.Cache, 0))
			s = Of(r)
			if s.ExitCode() != 1 || s.Score == nil {
				t.Errorf("a confirmed finding must stand: got %s, exit %d", s.Status, s.ExitCode())
			}
		})
	}
}

func TestWaived(t *testing.T) {
	r := clean()
	r.Capabilities = []result.Capability{{Name: result.RaceDetector, Required: true, Waived: true}}
	s := Of(r)
	if got, want := s.StatusText(), "pass (without race)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInterrupted(t *testing.T) {
	r := clean()
	r.Interrupted = true
	r.Iterations = r.Iterations[:10]
	r.Findings = append(r.Findings, finding(result.DataRace, result.Cache, 0))
	if s := Of(r); s.Status != Interrupted || s.ExitCode() != 130 || s.Score != nil {
		t.Errorf("got %s, exit %d, score %v", s.Status, s.ExitCode(), s.Score)
	}
}

// When a decisive finding was met is chance, and the status is not.
func TestDecisive(t *testing.T) {
	for _, met := range []int{2, 80} {
		r := clean()
		r.Stopped = result.Decisive
		r.Iterations = r.Iterations[:met]
		r.Findings = append(r.Findings, finding(result.Invariant, result.Cache, met-1))
		if s := Of(r); s.Status != Fail {
			t.Errorf("met in iteration %d: %s, want %s", met, s.Status, Fail)
		}
	}
}

func TestConfidence(t *testing.T) {
	if got := Of(clean()).Confidence; !strings.Contains(got, "3.0 %") {
		t.Errorf("100 clean iterations bound the rate at 3.0 %%, got: %s", got)
	}
}

// TestFirstKeys: graders read the first four keys of the JSON form.
func TestFirstKeys(t *testing.T) {
	b, err := json.Marshal(Of(clean()))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"score":100,"max_score":100,"status":"pass","message":`; !strings.HasPrefix(string(b), want) {
		t.Errorf("got %.80s, want it to begin with %s", b, want)
	}
}

// TestCostsAgreesWithTheScore: each finding on its own costs the categories that
// Costs names.
func TestCostsAgreesWithTheScore(t *testing.T) {
	kinds := []result.Kind{
		result.DataRace, result.LostUpdate, result.Invariant, result.NotLinearizable, result.Deadlock, result.LockOrder,
		result.GoroutineLeak, result.Livelock, result.Panic, result.Fatal, result.Static, result.Slow,
	}
	for _, kind := range kinds {
		for _, severity := range []result.Severity{result.Error, result.Warning, result.Note} {
			for _, contract := range [][]string{nil, {"C7"}} {
				f := result.Finding{
					ID: "x", Kind: kind, Severity: severity, Contract: contract, Confirmed: true,
					Origin: result.FromExploration, Component: result.Cache,
				}
				r := clean()
				r.Findings = append(r.Findings, f)
				if got, want := Costs(f), Of(r).LostCategories(); !slices.Equal(got, want) {
					t.Errorf("%s, %s, %v: Costs says %v, the score loses %v", kind, severity, contract, got, want)
				}
			}
		}
	}
}

// TestWhoFailsTheGateIsAskedNothingElse: one criterion is broken, the others are
// open.
func TestWhoFailsTheGateIsAskedNothingElse(t *testing.T) {
	r := clean()
	f := finding(result.Behaviour, result.Cache)
	f.Origin = result.FromGate
	r.Findings = append(r.Findings, f)
	for _, c := range Of(r).Criteria {
		if gate := strings.HasPrefix(c.Name, "API"); c.Held || c.Open == gate {
			t.Errorf("%s: held %v, open %v", c.Name, c.Held, c.Open)
		}
	}
	for _, c := range Of(clean()).Criteria {
		if !c.Held || c.Open {
			t.Errorf("of a right fix, %s: held %v, open %v", c.Name, c.Held, c.Open)
		}
	}
}
