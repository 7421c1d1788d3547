package controlled

import (
	"encoding/json"
	"strings"
	"testing"

	"racebench/internal/explore"
	"racebench/internal/model"
	"racebench/internal/protocol"
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

// TestWhatCannotBeOrdered: a history that the scenario found wrong is explained
// call by call, in steps of the schedule.
func TestWhatCannotBeOrdered(t *testing.T) {
	op := func(client int, call, ret int64, name string, out ...int64) protocol.Operation {
		return protocol.Operation{Client: client, Call: call, Return: ret, Name: name, In: []int64{7}, Out: out}
	}
	lost := &protocol.History{Model: model.Cache, Init: []int64{1}, Ops: []protocol.Operation{
		{Client: 0, Call: 0, Return: 1, Name: model.CachePut, In: []int64{7, 70}},
		op(1, 2, 5, model.CacheGet, 0, 0),
	}}
	text, err := json.Marshal(protocol.Violation{Kind: string(result.NotLinearizable), Contract: "C9", Message: "no order", Observed: "client 0", History: lost})
	if err != nil {
		t.Fatal(err)
	}
	found := violations("    scenarios_test.go:12: " + violationMark + string(text) + "\n")
	if len(found) != 1 {
		t.Fatalf("%d violations", len(found))
	}
	f := violation(result.Finding{}, found[0])
	if got, want := strings.Join(f.Detail, "\n"), "client 1 [2, 5 steps] Get(7) = absent; the model: Get(7) = 70"; !strings.Contains(got, want) {
		t.Errorf("detail %q, want %q", got, want)
	}
	if f.Kind != result.NotLinearizable || f.Observed != "no possible order" {
		t.Errorf("%s, observed %q", f.Kind, f.Observed)
	}
}
