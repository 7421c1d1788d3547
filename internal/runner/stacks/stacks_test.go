package stacks_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"racebench/internal/runner/stacks"
)

var update = flag.Bool("update", false, "write the golden files")

// The dumps in testdata were recorded by the runner's tests (-update there)
// from a worker that ran its fixtures.
func TestPicture(t *testing.T) {
	text, err := os.ReadFile("../testdata/overlay/fixtures.go")
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string][]byte{"internal/planted/fixtures.go": text}
	dumps, err := filepath.Glob("testdata/*.dump")
	if err != nil || len(dumps) < 4 {
		t.Fatalf("%d dumps, %v", len(dumps), err)
	}
	for _, file := range dumps {
		name := strings.TrimSuffix(filepath.Base(file), ".dump")
		t.Run(name, func(t *testing.T) {
			dump, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			list, err := stacks.Parse(string(dump))
			if err != nil {
				t.Fatal(err)
			}
			got := render(list, sources)
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("picture (-want +got):\n%s", d)
			}
		})
	}
}

func render(list []stacks.Goroutine, sources map[string][]byte) string {
	var b strings.Builder
	for _, w := range stacks.Picture(list, sources) {
		fmt.Fprintf(&b, "%s [%s] x%d waits for %s\n", w.Goroutine, w.State, w.Count, w.For)
		for _, p := range w.At {
			if strings.HasPrefix(p.File, "internal/") {
				fmt.Fprintf(&b, "  at %s:%d %s\n", p.File, p.Line, p.Function)
			}
		}
		for _, h := range w.HeldBy {
			fmt.Fprintf(&b, "  held by %s\n", h)
		}
	}
	return b.String()
}
