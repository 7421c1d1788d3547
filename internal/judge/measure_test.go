package judge

import (
	"slices"
	"testing"

	"racebench/internal/result"
)

// TestProbesTellCheatsFromLocks: what fails in a probe is over-locking, but
// somebody who cheats there is not let off with that.
func TestProbesTellCheatsFromLocks(t *testing.T) {
	slow := result.Finding{Scenario: "probe/x", Kind: result.Slow}
	stuck := result.Finding{Scenario: "probe/x", Kind: result.Deadlock}
	cheat := result.Finding{Scenario: "probe/x", Kind: result.Hostile}
	other := result.Finding{Scenario: "probe/y", Kind: result.Deadlock}
	for name, c := range map[string]struct {
		found []result.Finding
		want  []result.Kind
	}{
		"nothing of its own": {[]result.Finding{slow, other}, nil},
		"stuck":              {[]result.Finding{slow, stuck, stuck}, []result.Kind{result.OverLocking}},
		"a cheat":            {[]result.Finding{cheat}, []result.Kind{result.Hostile}},
		"stuck, and a cheat": {[]result.Finding{stuck, cheat}, []result.Kind{result.OverLocking, result.Hostile}},
	} {
		p := result.Probe{Name: "probe/x", Sentence: "L1", Passed: true}
		var got []result.Kind
		for _, f := range overLocking(&p, c.found) {
			got = append(got, f.Kind)
			if f.Origin != result.FromMeasurement {
				t.Errorf("%s: %s comes from %s", name, f.Kind, f.Origin)
			}
		}
		if !slices.Equal(got, c.want) || p.Passed != (c.want == nil) {
			t.Errorf("%s: got %v, passed %v; want %v", name, got, p.Passed, c.want)
		}
	}
}
