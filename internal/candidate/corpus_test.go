package candidate_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"racebench/internal/corpus"
)

// leftToTheBuild are the reasons that only a compiler or a linker can give.
var leftToTheBuild = []string{"undefined", "too big", "too large"}

// exhausting is the reason that package apart gives. Nobody else may examine those.
const exhausting = "exhausts what there is"

// TestCorpus: nothing that is to be judged by its behaviour is refused, and
// every trick that shows in the sources is named.
func TestCorpus(t *testing.T) {
	c, err := corpus.Load(os.DirFS("../../testdata/corpus"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range c.Entries() {
		if slices.Contains(e.Reasons, exhausting) {
			continue // the tests of package apart have them
		}
		dir := t.TempDir()
		if err := e.Write(dir); err != nil {
			t.Fatal(err)
		}
		got := load(t, dir)
		switch {
		case e.Want != corpus.Hostile || e.Status != "error":
			if got.Unjudgeable != "" {
				t.Errorf("%s: refused: %s", e.Path, got.Unjudgeable)
			}
		case got.Unjudgeable == "":
			if !slices.ContainsFunc(e.Reasons, func(reason string) bool { return slices.Contains(leftToTheBuild, reason) }) {
				t.Errorf("%s: not refused", e.Path)
			}
		case !slices.ContainsFunc(e.Reasons, func(reason string) bool { return strings.Contains(got.Unjudgeable, reason) }):
			t.Errorf("%s: the reason is %q, want one of %q", e.Path, got.Unjudgeable, e.Reasons)
		}
	}
}
