package scenarios

import (
	"testing"

	"racebench/internal/model"
	"racebench/internal/scenarios/harness"
)

// TestSmall runs the small mode of every scenario on the built-in components.
func TestSmall(t *testing.T) {
	for _, s := range All() {
		if s.Stress {
			if _, err := RunTest(s.Name, harness.Config{}); err == nil {
				t.Errorf("%s has no small mode, and no error says so", s.Name)
			}
			continue
		}
		for seed := range uint64(30) {
			found, err := RunTest(s.Name, harness.Config{Seed: seed})
			if err != nil || len(found) > 0 {
				t.Fatalf("%s: seed %d: %v, %+v", s.Name, seed, err, found)
			}
		}
	}
	if _, err := RunTest("cache/none", harness.Config{}); err == nil {
		t.Error("no error for a scenario that does not exist")
	}
}

// TestSmallIsSmall bounds what a controlled scheduler has to go through.
func TestSmallIsSmall(t *testing.T) {
	for _, s := range All() {
		if s.Stress {
			continue
		}
		for seed := range uint64(10) {
			out := harness.Execute(s, harness.Config{Seed: seed, Small: true})
			if out.Operations > 60 {
				t.Errorf("%s: seed %d: %d operations", s.Name, seed, out.Operations)
			}
			for _, h := range out.Histories {
				if _, decided := model.Linearizable(h, maxConfigurations); !decided {
					t.Errorf("%s: seed %d: a history of %d operations is not decided", s.Name, seed, len(h.Ops))
				}
			}
		}
	}
}
