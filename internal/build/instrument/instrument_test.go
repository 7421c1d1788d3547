package instrument_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"racebench"
	"racebench/internal/build/instrument"
)

const noisePath = "racebench/internal/noise"

// TestGolden shows what becomes of a method.
func TestGolden(t *testing.T) {
	in := `package counter

import "sync/atomic"

type Counter struct {
	n    int
	a, b atomic.Int64
}

func (c *Counter) Add(d int) (int, Stats) {
	if d < 0 { return 0, Stats{} }
	c.n += d
	switch v := c.n; {
	case v > 3:
		v--
	}
	return c.n, Stats{A: c.a.Load(), B: c.b.Load()}
}
`
	want := `package counter; import racebenchNoise "racebench/internal/noise"

import "sync/atomic"

type Counter struct {
	n    int
	a, b atomic.Int64
}

func (c *Counter) Add(d int) (int, Stats) {
	racebenchNoise.At(1); if d < 0 { racebenchNoise.At(6); return 0, Stats{} }
	racebenchNoise.At(2); { racebenchOld := c.n; racebenchNoise.At(3); c.n = racebenchOld + (d) }
	racebenchNoise.At(4); switch v := c.n; {
	case v > 3:
		racebenchNoise.At(7); v--
	}
	racebenchNoise.At(5); return c.n, Stats{A: racebenchNoise.After(c.a.Load(), 8), B: racebenchNoise.After(c.b.Load(), 9)}
}
`
	out, err := instrument.Packages(map[string][]byte{"c/c.go": []byte(in)}, noisePath)
	if err != nil {
		t.Fatal(err)
	}
	// Sites are numbered from a hash of the file's name; here they count.
	numbers := make(map[string]int)
	var order []string
	site := regexp.MustCompile(`\b\d{5,}\b`)
	order = append(order, site.FindAllString(string(out["c/c.go"]), -1)...)
	slices.Sort(order)
	for i, n := range order {
		numbers[n] = i + 1
	}
	got := site.ReplaceAllStringFunc(string(out["c/c.go"]), func(n string) string { return fmt.Sprint(numbers[n]) })
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestFreshNames: whatever the candidate calls its things, ours are others.
func TestFreshNames(t *testing.T) {
	in := map[string][]byte{
		"c/a.go": []byte("package c\n\ntype t struct{ n int }\n\nfunc (x t) f() { x.n++ }\n"),
		"c/b.go": []byte("package c\n\nvar racebenchNoise, racebenchOld, racebenchNoise1 int\n"),
		"d/d.go": []byte("package d\n\nfunc f() {}\n"),
	}
	out, err := instrument.Packages(in, noisePath)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`import racebenchNoise2 "`, "racebenchOld1 := x.n"} {
		if !strings.Contains(string(out["c/a.go"]), want) {
			t.Errorf("no %q in\n%s", want, out["c/a.go"])
		}
	}
	// A file without statements needs no import.
	for _, name := range []string{"c/b.go", "d/d.go"} {
		if !bytes.Equal(in[name], out[name]) {
			t.Errorf("%s was changed:\n%s", name, out[name])
		}
	}
}

func TestSyntaxError(t *testing.T) {
	if _, err := instrument.Packages(map[string][]byte{"c/a.go": []byte("package c\nfunc {")}, noisePath); err == nil {
		t.Error("no error")
	}
}

// module writes files into a module that has the noise package, and returns
// its folder.
func module(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	files = maps.Clone(files)
	noise, err := racebench.PackageSources("internal/noise")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range noise {
		files["internal/noise/"+name] = text
	}
	files["go.mod"] = []byte("module racebench\n\ngo 1.25\n")
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// goCommand runs the go command in a module.
func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// noisy turns noise on in a program.
const noisy = `package main

import "racebench/internal/noise"

func init() { noise.Set(1, noise.Heavy) }
`

// TestSameMeaning runs a program that uses the whole language, as it is and
// instrumented, and wants the same output and the same line in a panic.
func TestSameMeaning(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	source, err := os.ReadFile("testdata/program.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	outputs := make(map[bool]string)
	for _, instrumented := range []bool{false, true} {
		files := map[string][]byte{"main.go": source}
		if instrumented {
			if files, err = instrument.Packages(files, noisePath); err != nil {
				t.Fatal(err)
			}
			checkShape(t, "main.go", source, files["main.go"])
			for _, want := range []string{":= o.n;", ":= o.list;", ":= o.byID[\"x\"];", ":= *p;", "After(o.a.Load(), "} {
				if !bytes.Contains(files["main.go"], []byte(want)) {
					t.Errorf("the instrumented program lacks %q", want)
				}
			}
			files["noisy.go"] = []byte(noisy)
		}
		dir := module(t, files)
		goCommand(t, dir, "build", "-o", "program", ".")
		var stderr strings.Builder
		cmd := exec.Command(filepath.Join(dir, "program"), "panic")
		cmd.Stderr = &stderr
		out, _ := cmd.Output()
		outputs[instrumented] = string(out)
		if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(stderr.String(), "main.go:202") {
			t.Errorf("instrumented=%v: exit code %d, stderr\n%s", instrumented, code, stderr.String())
		}
	}
	if outputs[false] != outputs[true] || len(outputs[true]) < 300 {
		t.Errorf("as it is\n%s\ninstrumented\n%s", outputs[false], outputs[true])
	}
}

// checkShape wants parseable text with every line where it was.
func checkShape(t *testing.T, name string, in, out []byte) {
	t.Helper()
	if _, err := format.Source(out); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if bytes.Count(in, []byte("\n")) != bytes.Count(out, []byte("\n")) {
		t.Errorf("%s: the number of lines changed", name)
	}
}

// TestComponentsTests runs the tests of the built-in components, instrumented.
func TestComponentsTests(t *testing.T) {
	if testing.Short() {
		t.Skip("builds packages")
	}
	type overlay struct{ Replace map[string]string }
	dir, replace := t.TempDir(), overlay{make(map[string]string)}
	args := []string{"test", "-short", "-overlay", filepath.Join(dir, "overlay.json")}
	for _, pkg := range []string{"cache", "counter", "workerpool"} {
		files, err := racebench.PackageSources("internal/" + pkg)
		if err != nil {
			t.Fatal(err)
		}
		sources := make(map[string][]byte)
		for name, text := range files {
			sources[pkg+"/"+name] = text
		}
		out, err := instrument.Packages(sources, noisePath)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range out {
			at := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
			original, err := filepath.Abs(filepath.Join("../..", name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(at, text, 0o600); err != nil {
				t.Fatal(err)
			}
			replace.Replace[original] = at
		}
		args = append(args, "racebench/internal/"+pkg)
	}
	list, err := json.Marshal(replace)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o600); err != nil {
		t.Fatal(err)
	}
	goCommand(t, ".", args...)
}

// TestForeignTests runs the tests of instrumented packages of the standard
// library, written by people who did not think of us.
func TestForeignTests(t *testing.T) {
	if testing.Short() {
		t.Skip("builds packages")
	}
	root := strings.TrimSpace(goCommand(t, ".", "env", "GOROOT"))
	var packages []string
	sources := make(map[string][]byte)
	tests := make(map[string][]byte)
	for _, pkg := range []string{"container/list", "container/heap", "bufio", "text/tabwriter", "text/scanner", "encoding/csv", "regexp/syntax"} {
		files, err := filepath.Glob(filepath.Join(root, "src", pkg, "*.go"))
		if err != nil || len(files) == 0 {
			t.Skipf("no sources of %s: %v", pkg, err)
		}
		packages = append(packages, pkg)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := path(pkg, file)
			switch {
			case !strings.HasSuffix(file, "_test.go"):
				sources[name] = text
			case strings.Contains(string(text), `"internal/`):
			default:
				// Tests from outside of the package are to import the copy.
				tests[name] = bytes.ReplaceAll(text, []byte(`"`+pkg+`"`), []byte(`"racebench/`+pkg+`"`))
			}
		}
	}
	files, err := instrument.Packages(sources, noisePath)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		checkShape(t, name, sources[name], text)
	}
	maps.Copy(files, tests)
	dir := module(t, files)
	args := []string{"test", "-vet=off", "-short"}
	for _, pkg := range packages {
		args = append(args, "./"+pkg)
	}
	goCommand(t, dir, args...)
}

func path(pkg, file string) string { return pkg + "/" + filepath.Base(file) }

// FuzzPackages: whatever parses still parses, with every line where it was.
func FuzzPackages(f *testing.F) {
	source, err := os.ReadFile("testdata/program.go.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(source))
	f.Add("package p\nfunc f() { a.b++; L: for { break L }; x.y = append(x.y, 1) }")
	f.Add("package p; func f() { a.b += `\n`; c.d -= 1 }")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := parser.ParseFile(token.NewFileSet(), "p/p.go", text, parser.SkipObjectResolution); err != nil {
			return
		}
		out, err := instrument.Packages(map[string][]byte{"p/p.go": []byte(text)}, noisePath)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.ParseFile(token.NewFileSet(), "p/p.go", out["p/p.go"], parser.SkipObjectResolution); err != nil {
			t.Fatalf("%v\n%s", err, out["p/p.go"])
		}
		if strings.Count(text, "\n") != bytes.Count(out["p/p.go"], []byte("\n")) {
			t.Fatalf("lines moved:\n%s", out["p/p.go"])
		}
	})
}

// TestProcessors has the scenario asked how many processors there are.
func TestProcessors(t *testing.T) {
	const head = "package cache\n\nimport \"runtime\"\n\n"
	for in, want := range map[string]string{
		"var shards = 4 * runtime.NumCPU()\n":                      "4 * racebenchNoise.CPUs(runtime.NumCPU())",
		"func f() int { return g(runtime.NumCPU(), 1) }\n":         "g(racebenchNoise.After(racebenchNoise.CPUs(runtime.NumCPU()), ",
		"func f() int { return g(1, max(1, runtime.NumCPU())) }\n": "racebenchNoise.After(racebenchNoise.CPUs(runtime.NumCPU()), ",
		"func f(runtime D) int { return runtime.NumCPU() }\n":      "return runtime.NumCPU()",
	} {
		out, err := instrument.Packages(map[string][]byte{"cache/cache.go": []byte(head + in)}, noisePath)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(out["cache/cache.go"]); !strings.Contains(got, want) {
			t.Errorf("%s: no %q in\n%s", in, want, got)
		}
	}
}

// TestVisits has the elements counted that package slices looks at, and nothing
// done to what only has its name.
func TestVisits(t *testing.T) {
	const head = "package cache\n\nimport \"slices\"\n\n"
	for in, want := range map[string]string{
		"func f(c *C) int { return slices.Index(c.order, 1) }\n":               "slices.Index(racebenchNoise.Visits(c.order), 1)",
		"func f(c *C) bool { return slices.Contains(c.order[1:], 1) }\n":       "slices.Contains(racebenchNoise.Visits(c.order[1:]), 1)",
		"func f(c *C) int { return slices.Index(c.all(), 1) }\n":               "slices.Index(racebenchNoise.After(c.all(), ",
		"func f(c *C) []int { return slices.Delete(c.order, 0, 1) }\n":         "slices.Delete(c.order, 0, 1)",
		"func f(slices D) int { return slices.Index(c.order, 1) }\n":           "slices.Index(c.order, 1)",
		"func f(c *C) { if at := slices.Index(c.order, 1); at > 0 { g() } }\n": "at := slices.Index(racebenchNoise.Visits(c.order), 1); at > 0",
	} {
		out, err := instrument.Packages(map[string][]byte{"cache/cache.go": []byte(head + in)}, noisePath)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(out["cache/cache.go"]); !strings.Contains(got, want) {
			t.Errorf("%s: no %q in\n%s", in, want, got)
		}
	}
}
