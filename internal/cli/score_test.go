package cli

import (
	"path/filepath"
	"testing"
	"time"

	"racebench/internal/candidate"
	"racebench/internal/judge"
	"racebench/internal/report"
	"racebench/internal/result"
)

// TestSavedIsTheSameQuestion: a saved report answers only the command that would
// have made it.
func TestSavedIsTheSameQuestion(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*result.Result)
		taken  bool
	}{
		"the same":               {func(*result.Result) {}, true},
		"other sources":          {func(r *result.Result) { r.Candidate.Hash = "other" }, false},
		"fewer iterations":       {func(r *result.Result) { r.Requested = 10 }, false},
		"a shorter bound":        {func(r *result.Result) { r.Asked.Budget = time.Minute }, false},
		"without races":          {func(r *result.Result) { r.Asked.Race = "off" }, false},
		"another seed":           {func(r *result.Result) { r.Seed = 8 }, false},
		"trouble":                {func(r *result.Result) { r.Trouble = []string{"no space left"} }, false},
		"a pass without races":   {func(r *result.Result) { r.Capabilities[0].Waived = true }, false},
		"another racebench's":    {func(r *result.Result) { r.Tool.Version = "0.0.1" }, false},
		"more was asked for now": {func(r *result.Result) { r.Capabilities[1].Waived = false }, false},
	} {
		t.Run(name, func(t *testing.T) {
			res := &result.Result{
				SchemaVersion: result.SchemaVersion, Tool: result.Tool{Version: judge.Version()},
				Candidate: result.Candidate{Hash: "sources"}, Seed: 7, Requested: 100,
				Asked:        result.Asked{Race: "auto", Noise: "auto", Timeout: time.Second, Budget: 5 * time.Minute},
				Capabilities: []result.Capability{{Name: result.RaceDetector}, {Name: result.ScheduleSearch, Waived: true}},
			}
			c.change(res)
			file := filepath.Join(t.TempDir(), "fix.json")
			if err := (report.Target{Format: "json", Path: file}).Write(report.Document{Result: res}); err != nil {
				t.Fatal(err)
			}
			s := &scoreCmd{
				judging:          judging{iterations: 100, seed: 7, seedSet: true, race: "auto", noise: "auto", timeout: time.Second},
				candidateTimeout: 5 * time.Minute, without: []string{result.ScheduleSearch}, feedback: "full",
			}
			opts, err := s.question(&candidate.Candidate{Hash: "sources"}, 1)
			if err != nil {
				t.Fatal(err)
			}
			if taken := s.saved(file, opts) != nil; taken != c.taken {
				t.Errorf("taken %v, want %v", taken, c.taken)
			}
		})
	}
}
