package runner

import "testing"

func TestSeeds(t *testing.T) {
	if IterationSeed(42, 0) != 42 {
		t.Error("the first iteration does not have the run's seed")
	}
	seen := make(map[uint64]bool)
	for i := range 1000 {
		seen[IterationSeed(42, i)] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d different seeds in 1000 iterations", len(seen))
	}
	// A run that begins with an iteration's seed repeats its scenarios.
	s := IterationSeed(42, 7)
	if ScenarioSeed(IterationSeed(s, 0), "a/b") != ScenarioSeed(s, "a/b") || ScenarioSeed(s, "a/b") == ScenarioSeed(s, "a/c") {
		t.Error("a scenario's seed does not follow from the iteration's seed and its name")
	}
}
