package controlled

import (
	"strings"
	"testing"

	"racebench/internal/explore"
	"racebench/internal/result"
)

// TestWhatWasNotExploredIsTrouble: schedules that were not run are no evidence
// that nothing is wrong.
func TestWhatWasNotExploredIsTrouble(t *testing.T) {
	o := &Options{Schedules: 300, Scenarios: []Scenario{{Name: "cache/mixed", Component: result.Cache}}}
	tests := []string{"TestMixed"}
	of := func(list ...explore.TestReport) *explore.Report {
		return &explore.Report{Packages: []explore.PackageReport{{Tests: list}}}
	}
	// The scenario's own goroutine is left: that says nothing of the candidate.
	leak := &explore.Finding{Kind: explore.Leak, Confirmed: true}
	deadlock := &explore.Finding{Kind: explore.Deadlock, Confirmed: true}
	for name, c := range map[string]struct {
		report   *explore.Report
		trouble  string
		findings int
	}{
		"all":             {of(explore.TestReport{Name: "TestMixed", Schedules: 300}), "", 0},
		"a defect":        {of(explore.TestReport{Name: "TestMixed", Schedules: 7, Findings: []*explore.Finding{deadlock}}), "", 1},
		"cut short":       {of(explore.TestReport{Name: "TestMixed", Schedules: 7}), "only 7 of 300", 0},
		"a leak of ours":  {of(explore.TestReport{Name: "TestMixed", Schedules: 7, Findings: []*explore.Finding{leak}}), "only 7 of 300", 0},
		"a missing test":  {of(), "1 scenarios were not explored", 0},
		"no package":      {&explore.Report{}, "nothing was explored", 0},
		"a failed search": {of(explore.TestReport{Name: "TestMixed", Error: "no space left"}), "no space left", 0},
	} {
		e := o.evidence(c.report, "", tests)
		if got := strings.Join(e.Trouble, "; "); (got == "") != (c.trouble == "") || !strings.Contains(got, c.trouble) || len(e.Findings) != c.findings {
			t.Errorf("%s: trouble %q, %d findings; want %q and %d", name, got, len(e.Findings), c.trouble, c.findings)
		}
	}
}
