package mangle_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"racebench"
	"racebench/internal/build"
	"racebench/internal/candidate"
	"racebench/internal/candidate/mangle"
)

// components are the three packages, by folder.
func components(t *testing.T) map[string]map[string][]byte {
	t.Helper()
	out := make(map[string]map[string][]byte)
	for _, pkg := range []string{"cache", "counter", "workerpool"} {
		files, err := racebench.PackageSources("internal/" + pkg)
		if err != nil {
			t.Fatal(err)
		}
		out[pkg] = files
	}
	return out
}

func mangled(t *testing.T, files map[string][]byte, seed uint64) map[string][]byte {
	t.Helper()
	out, err := mangle.Package(files, seed)
	if errors.Is(err, build.ErrNoToolchain) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestComponents mangles the built-in components under many seeds: the result
// type-checks (Package sees to it), keeps the contract's API, is the same for
// the same seed and another for another.
func TestComponents(t *testing.T) {
	seen := make(map[string]bool)
	for seed := range uint64(40) {
		sources := make(map[string][]byte)
		for pkg, files := range components(t) {
			before := maps.Clone(files)
			out := mangled(t, files, seed)
			if !maps.EqualFunc(before, files, bytes.Equal) {
				t.Fatal("the given files were changed")
			}
			if again := mangled(t, files, seed); !maps.EqualFunc(out, again, bytes.Equal) {
				t.Errorf("%s, seed %d: two results", pkg, seed)
			}
			for name, text := range out {
				sources[pkg+"/"+name] = text
			}
		}
		c := candidate.FromSources("mangled", sources)
		if c.Unjudgeable != "" {
			t.Errorf("seed %d: %s", seed, c.Unjudgeable)
		}
		if seen[c.Hash] {
			t.Errorf("seed %d: a result that was there before", seed)
		}
		seen[c.Hash] = true
	}
}

// TestComponentsTests runs the tests of the mangled components. Those from
// inside of the packages know their old names and are left out.
func TestComponentsTests(t *testing.T) {
	if testing.Short() {
		t.Skip("builds packages")
	}
	for seed := range uint64(3) {
		dir := t.TempDir()
		replace := make(map[string]string)
		args := []string{"test", "-short", "-overlay", filepath.Join(dir, "overlay.json")}
		for pkg, files := range components(t) {
			folder, err := filepath.Abs(filepath.Join("../..", pkg))
			if err != nil {
				t.Fatal(err)
			}
			for name, text := range mangled(t, files, seed) {
				at := filepath.Join(dir, pkg+"_"+name)
				if err := os.WriteFile(at, text, 0o600); err != nil {
					t.Fatal(err)
				}
				replace[filepath.Join(folder, name)] = at
			}
			tests, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
			if err != nil {
				t.Fatal(err)
			}
			for _, test := range tests {
				file, err := parser.ParseFile(token.NewFileSet(), test, nil, parser.PackageClauseOnly)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.HasSuffix(file.Name.Name, "_test") {
					replace[test] = ""
				}
			}
			args = append(args, "racebench/internal/"+pkg)
		}
		list, err := json.Marshal(map[string]any{"Replace": replace})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			t.Errorf("seed %d: %v\n%s", seed, err, out)
		}
	}
}

const sample = `// Package p is a sample.
package p

import (
	"sync"
	"time"
)

// a is the first type.
type a struct {
	mu    sync.Mutex
	items map[string]int
	last  time.Duration
}

// grow has a run that can be extracted.
func (x *a) grow(key string, by int, d time.Duration) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := by * 2
	x.items[key] += n
	x.last = d
	return x.items[key]
}

type shape interface{ area() int }

func (x *a) area() int { return len(x.items) }

var _ shape = (*a)(nil)

// Kind says what it is.
func Kind(s shape) (kind string) {
loop:
	for {
		switch v := s.(type) {
		case *a:
			kind = string(rune('a' + v.area()))
			break loop
		case nil:
			return
		}
	}
	len := 3 // hides a predeclared name
	return kind + string(rune(len))
}

func (x *a) rescue() { _ = recover() }
`

// TestShapes: over some seeds everything that may change does, and what must
// not never does.
func TestShapes(t *testing.T) {
	in := map[string][]byte{"p.go": []byte(sample)}
	all := ""
	for seed := range uint64(30) {
		text := string(mangled(t, in, seed)["p.go"])
		all += text
		for _, want := range []string{"package p\n", "func Kind(", "sync.Mutex", "time.Duration", "string(rune("} {
			if !strings.Contains(text, want) {
				t.Errorf("seed %d: no %q in\n%s", seed, want, text)
			}
		}
		for _, gone := range []string{" grow(", " area(", "type a struct", "x.items", "loop:", "v.area", "len := 3"} {
			if strings.Contains(text, gone) {
				t.Errorf("seed %d: still %q in\n%s", seed, gone, text)
			}
		}
		if !strings.Contains(text, ") { _ = recover() }") {
			t.Errorf("seed %d: recover was moved to another frame:\n%s", seed, text)
		}
		if !strings.Contains(text, "// a is the first type.\ntype ") {
			t.Errorf("seed %d: a comment lost its declaration:\n%s", seed, text)
		}
	}
	first, moved := 0, 0
	for seed := range uint64(30) {
		text := string(mangled(t, in, seed)["p.go"])
		if strings.Index(text, "// a is the first type.") < strings.Index(text, "func Kind") {
			first++
		} else {
			moved++
		}
	}
	if first == 0 || moved == 0 {
		t.Errorf("the order never changes: %d, %d", first, moved)
	}
	if n := strings.Count(all, "time.Duration) {\n"); n == 0 {
		t.Error("no run was ever extracted with a parameter")
	}
}

// TestBroken: what does not type-check comes back as it is.
func TestBroken(t *testing.T) {
	for _, text := range []string{"package p\nfunc {", "package p\nimport \"example.com/x\"\nfunc f() { x.F() }\n", "package p\nvar x = y\n"} {
		out := mangled(t, map[string][]byte{"p.go": []byte(text)}, 1)
		if string(out["p.go"]) != text {
			t.Errorf("changed:\n%s", out["p.go"])
		}
	}
}
