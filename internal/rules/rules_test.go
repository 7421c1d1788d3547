package rules

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"racebench/internal/result"
)

var update = flag.Bool("update", false, "write the published pages anew")

// findingsOf applies all rules to one file or one folder of files.
func findingsOf(t *testing.T, sources map[string][]byte) []result.Finding {
	t.Helper()
	p, err := loadStd(t.Context(), Config{}, "racebench/internal/example", sources)
	if err != nil {
		t.Fatal(err)
	}
	found, err := apply(p, result.Cache, All())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// show is one line for a finding, for the messages of the tests.
func show(f result.Finding) string {
	return fmt.Sprintf("%s:%d: %s %s: %s %q", f.Positions[0].File, f.Positions[0].Line, f.Rule, f.Severity, f.Message, f.Detail)
}

// wants are the lines marked "want", each with the rules named there; a mark
// without a name means the given rule.
func wants(src, def string) map[int][]string {
	lines := map[int][]string{}
	for i, line := range strings.Split(src, "\n") {
		_, mark, ok := strings.Cut(line, "// want")
		if !ok {
			continue
		}
		names := strings.Fields(mark)
		if len(names) == 0 {
			names = []string{def}
		}
		lines[i+1] = names
	}
	return lines
}

func TestExamples(t *testing.T) {
	for _, r := range All() {
		t.Run(r.Name, func(t *testing.T) {
			want := wants(r.Wrong, r.ID)
			if len(want) == 0 {
				t.Fatal("the wrong example marks no line")
			}
			got := map[int]bool{}
			for _, f := range findingsOf(t, map[string][]byte{"wrong.go": []byte(r.Wrong)}) {
				if f.Rule != r.ID {
					continue
				}
				line := f.Positions[0].Line
				got[line] = true
				if !slices.Contains(want[line], r.ID) {
					t.Errorf("unexpected: %s", show(f))
				}
			}
			for line, ids := range want {
				if slices.Contains(ids, r.ID) && !got[line] {
					t.Errorf("wrong.go:%d: nothing reported", line)
				}
			}
			for _, f := range findingsOf(t, map[string][]byte{"right.go": []byte(r.Right)}) {
				t.Errorf("right example accused: %s", show(f))
			}
		})
	}
}

func TestIdentities(t *testing.T) {
	id := regexp.MustCompile(`^RB[12]\d{3}$`)
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	sentence := regexp.MustCompile(`^[GCMWL][0-9]+$`)
	seen := map[string]bool{}
	for _, r := range All() {
		if !id.MatchString(r.ID) || !name.MatchString(r.Name) {
			t.Errorf("malformed identity %q %q", r.ID, r.Name)
		}
		if strings.HasPrefix(r.ID, "RB2") && r.Severity == result.Error {
			t.Errorf("%s: RB2xxx are warnings", r.ID)
		}
		for _, s := range []string{r.ID, r.Name} {
			if seen[s] {
				t.Errorf("%s is used twice", s)
			}
			seen[s] = true
			if got, ok := Find(strings.ToUpper(s)); !ok || got.ID != r.ID {
				t.Errorf("Find(%q) = %q, %v", s, got.ID, ok)
			}
		}
		if r.Title == "" || strings.TrimSpace(r.Doc) == "" {
			t.Errorf("%s: no title or no page", r.ID)
		}
		for _, s := range r.Contract {
			if !sentence.MatchString(s) {
				t.Errorf("%s: contract sentence %q", r.ID, s)
			}
		}
	}
	if !slices.IsSortedFunc(All(), func(a, b Rule) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("All is not in the order of the IDs")
	}
	if _, ok := Find("RB9999"); ok {
		t.Error("Find found a rule that is not there")
	}
}

// TestPublishedPages keeps docs/rules the same as what the rules carry; go test
// -update writes it anew.
func TestPublishedPages(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "rules")
	want := map[string]string{}
	var index strings.Builder
	index.WriteString("# Static rules\n\nWhat racebench says about sources without running them. `racebench explain RULE` prints these pages.\n\n| rule | name | severity | objects to | contract |\n|---|---|---|---|---|\n")
	for _, r := range All() {
		file := r.ID + "-" + r.Name + ".md"
		want[file] = r.Page()
		fmt.Fprintf(&index, "| [%s](%s) | %s | %s | %s | %s |\n", r.ID, file, r.Name, r.Severity, r.Title, strings.Join(r.Contract, " "))
	}
	index.WriteString("\nAn error costs the component its third of Synchronization Correctness, warnings together half of it. A rule is an error only if it is silent on\nevery right fix that we know of and on the modules of [public-modules.md](public-modules.md).\n")
	want["README.md"] = index.String()
	if *update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		old, _ := filepath.Glob(filepath.Join(dir, "RB*.md"))
		for _, f := range old {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(want[name]), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != text {
			t.Errorf("docs/rules/%s differs from what the rule carries; go test ./internal/rules -run PublishedPages -update", name)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "RB*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := want[filepath.Base(f)]; !ok {
			t.Errorf("%s belongs to no rule", f)
		}
	}
}

// candidate lays the wrong example of a rule into a folder of three components.
func candidate(t *testing.T, r Rule) map[string][]byte {
	t.Helper()
	return map[string][]byte{
		"cache/cache.go":            []byte(r.Wrong),
		"cache/cache_test.go":       []byte("package cache\nnot even Go"),
		"counter/counter.go":        []byte("package counter\n"),
		"workerpool/a/elsewhere.go": []byte("package elsewhere\n"),
		"workerpool/workerpool.go":  []byte(r.Right),
	}
}

func TestCheckFindsInFoldersAndSources(t *testing.T) {
	r, ok := Find("copied-lock")
	if !ok {
		t.Fatal("no such rule")
	}
	sources := candidate(t, r)
	dir := t.TempDir()
	for name, data := range sources {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fromSources, err := Check(t.Context(), Config{Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	fromDir, err := Check(t.Context(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(fromSources)
	b, _ := json.Marshal(fromDir)
	if string(a) != string(b) {
		t.Errorf("sources: %s\nfolder: %s", a, b)
	}
	if len(fromDir) == 0 || fromDir[0].Component != result.Cache || fromDir[0].Positions[0].File != "cache/cache.go" || fromDir[0].Positions[0].Function != "Counter.Total" {
		t.Errorf("findings: %s", a)
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	for name, cfg := range map[string]Config{
		"nothing given":    {},
		"missing folder":   {Dir: filepath.Join(t.TempDir(), "none")},
		"no files":         {Sources: map[string][]byte{}},
		"not Go":           {Sources: map[string][]byte{"cache/a.go": []byte("nonsense")}},
		"ill-typed":        {Sources: map[string][]byte{"cache/a.go": []byte("package cache\nvar x int = \"\"\n")}},
		"missing go":       {Go: filepath.Join(t.TempDir(), "go"), Sources: map[string][]byte{"cache/a.go": []byte("package cache\nimport _ \"sync\"\n")}},
		"unknown import":   {Sources: map[string][]byte{"cache/a.go": []byte("package cache\nimport _ \"example.com/none\"\n")}},
		"only a test file": {Sources: map[string][]byte{"cache/a_test.go": []byte("package cache\n")}},
	} {
		t.Run(name, func(t *testing.T) {
			if found, err := Check(t.Context(), cfg); err == nil {
				t.Errorf("no error, findings %v", found)
			}
		})
	}
}

func TestCheckStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Check(ctx, Config{Sources: map[string][]byte{"cache/a.go": []byte("package cache\nimport _ \"expvar\"\n")}}); err == nil {
		t.Error("no error from a cancelled check")
	}
}

// TestLineDirectivesDoNotMoveFindings: a candidate could otherwise point at
// innocent code.
func TestLineDirectivesDoNotMoveFindings(t *testing.T) {
	r, _ := Find("copied-lock")
	src := strings.Replace(r.Wrong, "func (c Counter)", "//line elsewhere.go:1\nfunc (c Counter)", 1)
	found := findingsOf(t, map[string][]byte{"cache/cache.go": []byte(src)})
	if len(found) == 0 {
		t.Fatal("nothing found")
	}
	for _, f := range found {
		if f.Positions[0].File != "cache/cache.go" {
			t.Errorf("moved to %v", f.Positions[0])
		}
	}
}

// TestDeterministic checks every example many times over and compares the
// findings byte for byte.
func TestDeterministic(t *testing.T) {
	for _, r := range All() {
		var first string
		for i := range 5 {
			data, err := json.Marshal(findingsOf(t, map[string][]byte{"x.go": []byte(r.Wrong)}))
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = string(data)
			} else if string(data) != first {
				t.Fatalf("%s: run %d differs:\n%s\n%s", r.ID, i, first, data)
			}
		}
	}
}

// TestBuiltinsAreSilent judges the built-in components and the textbook fixes
// that they are measured against: both are right by definition.
func TestBuiltinsAreSilent(t *testing.T) {
	for _, dir := range []string{"..", filepath.Join("..", "kit", "baseline")} {
		found, err := Check(t.Context(), Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			t.Errorf("accused: %s", show(f))
		}
	}
}

// TestRightDesigns: right code of unlike design is not accused.
func TestRightDesigns(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "right", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no right designs", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findingsOf(t, map[string][]byte{filepath.Base(file): src}) {
			t.Errorf("accused: %s", show(f))
		}
	}
}

// TestWrongDesigns: what is wrong and looks much like the right designs is found,
// so that the rules are silent about those for a reason.
func TestWrongDesigns(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "wrong", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no wrong designs", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int][]string{}
		for _, f := range findingsOf(t, map[string][]byte{filepath.Base(file): src}) {
			line := f.Positions[0].Line
			got[line] = append(got[line], f.Rule)
		}
		for line, ids := range wants(string(src), "") {
			for _, id := range ids {
				if !slices.Contains(got[line], id) {
					t.Errorf("%s:%d: no %s", file, line, id)
				}
			}
		}
	}
}
