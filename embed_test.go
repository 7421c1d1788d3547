package racebench_test

import (
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"racebench"
)

// TestWorkerSources: a worker is made of the standard library and of packages
// that are embedded, the three that a candidate replaces among them.
func TestWorkerSources(t *testing.T) {
	sources, err := racebench.WorkerSources()
	if err != nil {
		t.Fatal(err)
	}
	folders := make(map[string]bool)
	for name, text := range sources {
		if strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s is a test", name)
		}
		folders[name[:strings.LastIndex(name, "/")]] = true
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(path, "/")
			if strings.Contains(first, ".") || path == "C" {
				t.Errorf("%s imports %s: not of the standard library", name, path)
			}
		}
	}
	for _, folder := range []string{"cache", "counter", "workerpool", "noise", "protocol", "scenarios", "worker"} {
		if !folders["internal/"+folder] {
			t.Errorf("internal/%s is missing", folder)
		}
	}
}
