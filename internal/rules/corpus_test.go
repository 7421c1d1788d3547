package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"racebench/internal/corpus"
	"racebench/internal/result"
)

// TestCorpus judges the corpus by the rules alone. A right fix is not accused.
// What is said of the wrong ones is shown with -v: which of them a rule sees is
// part of the corpus's own matrix.
func TestCorpus(t *testing.T) {
	c, err := corpus.Load(os.DirFS(filepath.Join("..", "..", "testdata", "corpus")))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range c.Entries() {
		switch e.Want {
		case corpus.Pass:
			found, err := Check(t.Context(), Config{Sources: e.Files()})
			if err != nil {
				t.Errorf("%s: %v", e.Path, err)
			}
			for _, f := range found {
				t.Errorf("%s: accused: %s", e.Path, show(f))
			}
		case corpus.Fail:
			found, err := Check(t.Context(), Config{Sources: e.Files()})
			if err != nil {
				t.Errorf("%s: %v", e.Path, err)
			}
			if len(found) == 0 {
				t.Logf("%s: silent", e.Path)
				// "static" among other evidence promises that a rule sees it.
				if slices.ContainsFunc(e.Evidence, func(s string) bool { return strings.HasPrefix(s, string(result.Static)) }) {
					t.Errorf("%s: no rule sees what the corpus says that one does", e.Path)
				}
			}
			for _, f := range found {
				t.Logf("%s: %s", e.Path, show(f))
			}
		}
	}
}
