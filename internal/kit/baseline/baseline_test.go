package baseline_test

import (
	"bytes"
	"testing"

	"racebench/internal/kit/baseline"
)

// TestSources checks that every file is there, and is the package that its
// folder is named after.
func TestSources(t *testing.T) {
	sources := baseline.Sources()
	if len(sources) != 3 {
		t.Errorf("%d files, want 3", len(sources))
	}
	for name, pkg := range map[string]string{
		"cache/cache.go": "cache", "counter/counter.go": "counter", "workerpool/workerpool.go": "workerpool",
	} {
		if !bytes.Contains(sources[name], []byte("\npackage "+pkg+"\n")) {
			t.Errorf("%s is not package %s", name, pkg)
		}
	}
	clear(sources)
	if len(baseline.Sources()) != 3 {
		t.Error("the map is not the caller's")
	}
}
