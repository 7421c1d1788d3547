package scoring

import (
	"maps"
	"testing"

	"racebench/internal/result"
)

// TestEveryKindHasAMeaning: what a finding is called can be looked up, and what
// the page says about points is what the rubric does.
func TestEveryKindHasAMeaning(t *testing.T) {
	known := map[result.Kind]Meaning{}
	for _, m := range Meanings() {
		if _, twice := known[m.Kind]; twice || m.Means == "" || m.Remedy == "" {
			t.Errorf("%s: twice, or without a text", m.Kind)
		}
		known[m.Kind] = m
	}
	for _, set := range []map[result.Kind]bool{raceKinds, deadlockKinds, atomicityKinds} {
		for kind := range maps.Keys(set) {
			if m, ok := known[kind]; !ok || len(m.Costs) == 0 && !m.Forfeits {
				t.Errorf("%s: no meaning, or one that costs nothing", kind)
			}
		}
	}
	for kind, forfeits := range map[result.Kind]bool{result.Hostile: true, result.Exit: true, result.Behaviour: true, result.DataRace: false, result.Slow: false} {
		if known[kind].Forfeits != forfeits {
			t.Errorf("%s: forfeits %v", kind, known[kind].Forfeits)
		}
	}
}
