//go:build slow

package controlled_test

import (
	"testing"

	"racebench"
	"racebench/internal/corpus"
	"racebench/internal/result"
)

// TestRightFixesUnderManySchedules runs far more schedules than a score does, on
// every right fix of the corpus: what a scenario wrongly accuses in one schedule
// of a thousand is a wrong verdict for somebody.
func TestRightFixesUnderManySchedules(t *testing.T) {
	all, err := corpus.Load(racebench.Corpus())
	if err != nil {
		t.Fatal(err)
	}
	right, err := all.Find("pass/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range right {
		t.Run(e.Name, func(t *testing.T) {
			o := options(t, e.Path, string(e.Component)+"/")
			o.Schedules, o.Seed = 5000, 41
			t.Logf("seed %d", o.Seed)
			for _, f := range run(t, o).Findings {
				if f.Severity != result.Note {
					t.Errorf("%s in %s: %s\n%s", f.Kind, f.Scenario, f.Message, f.Detail)
				}
			}
		})
	}
}
