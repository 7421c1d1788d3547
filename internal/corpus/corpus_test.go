package corpus_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"racebench/internal/corpus"
	"racebench/internal/result"
)

func load(t *testing.T) *corpus.Corpus {
	t.Helper()
	c, err := corpus.Load(os.DirFS("../../testdata/corpus"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The kinds of finding that an entry may name as evidence.
var kinds = []result.Kind{
	result.DataRace, result.LostUpdate, result.Invariant, result.NotLinearizable,
	result.Deadlock, result.LockOrder, result.GoroutineLeak, result.Livelock, result.Panic, result.Fatal,
	result.ResourceLimit, result.Slow, result.Static, result.Behaviour, result.OverLocking,
}

var categories = []corpus.Category{corpus.Race, corpus.Deadlock, corpus.Sync, corpus.Performance, corpus.Gate}

func TestNumbers(t *testing.T) {
	got := make(map[corpus.Verdict]int)
	perComponent := make(map[result.Component]int)
	for _, e := range load(t).Entries() {
		got[e.Want]++
		if e.Want == corpus.Fail {
			perComponent[e.Component]++
		}
	}
	for verdict, want := range map[corpus.Verdict]int{corpus.Fail: 80, corpus.Pass: 20, corpus.Hostile: 30} {
		if got[verdict] < want {
			t.Errorf("%d entries in %s, want at least %d", got[verdict], verdict, want)
		}
	}
	for _, component := range result.Components() {
		if perComponent[component] < 10 {
			t.Errorf("%d wrong fixes of %s, want at least 10", perComponent[component], component)
		}
	}
}

func TestHeaders(t *testing.T) {
	for _, e := range load(t).Entries() {
		for _, category := range e.Categories {
			if !slices.Contains(categories, category) {
				t.Errorf("%s: unknown category %q", e.Path, category)
			}
		}
		runTime := false
		for _, kind := range e.Evidence {
			name, _, _ := strings.Cut(kind, ":")
			if !slices.Contains(kinds, result.Kind(name)) {
				t.Errorf("%s: unknown evidence %q", e.Path, kind)
			}
			runTime = runTime || name != string(result.Static)
		}
		if e.Starred && !runTime {
			t.Errorf("%s: starred, but only a static rule is meant to catch it", e.Path)
		}
		if e.Starred && slices.Contains(e.Evidence, string(result.DataRace)) {
			t.Errorf("%s: starred means free of data races", e.Path)
		}
	}
}

// A wrong fix is one edit away from a right one: it differs from its twin in
// its component and nowhere else.
func TestTwins(t *testing.T) {
	c := load(t)
	for _, e := range c.Entries() {
		if e.Want != corpus.Fail {
			continue
		}
		twin := c.Twin(e)
		if twin == nil || twin.Want != corpus.Pass {
			t.Errorf("%s: no right twin", e.Path)
			continue
		}
		files, right := e.Files(), twin.Files()
		if len(files) != len(right) {
			t.Errorf("%s: other files than its twin", e.Path)
		}
		differs := false
		for name, content := range files {
			if bytes.Equal(content, right[name]) {
				continue
			}
			differs = true
			if path.Dir(name) != string(e.Component) {
				t.Errorf("%s: %s is not as in the twin", e.Path, name)
			}
		}
		if !differs {
			t.Errorf("%s: the same sources as its twin", e.Path)
		}
	}
}

// sources are the files of an entry's component in one text.
func sources(e *corpus.Entry) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(e.Files())) {
		if path.Dir(name) == string(e.Component) {
			b.WriteString(name + "\n")
			b.Write(e.Files()[name])
		}
	}
	return b.String()
}

// The contract's literal list, the two packages of which only some symbols may
// be used included.
var allowed = strings.Fields(`cmp container/heap container/list container/ring context errors fmt
	hash/maphash iter maps math math/bits math/rand/v2 slices sort strconv strings sync
	sync/atomic time runtime runtime/debug`)

// Right and wrong fixes compile, in one build, and import what the contract
// allows. Vet may complain: some of the wrong ones are there for that.
func TestCandidatesCompile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module corpus\n\ngo 1.25\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, e := range load(t).Entries() {
		if e.Want == corpus.Hostile {
			continue
		}
		if content := sources(e); seen[content] {
			t.Errorf("%s: the same sources as another entry", e.Path)
		} else {
			seen[content] = true
		}
		folder := filepath.Join(dir, string(e.Want), e.Name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, content := range e.Files() {
			if path.Dir(name) != string(e.Component) {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), e.Path, content, parser.ImportsOnly)
			if err != nil {
				t.Error(err)
				continue
			}
			for _, spec := range file.Imports {
				if imported, _ := strconv.Unquote(spec.Path.Value); !slices.Contains(allowed, imported) {
					t.Errorf("%s imports %s", e.Path, imported)
				}
			}
			if name == string(e.Component)+"/"+string(e.Component)+".go" {
				name = e.Name + ".go"
			}
			if err := os.WriteFile(filepath.Join(folder, path.Base(name)), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	build := exec.Command("go", "build", "-gcflags=-e", "./...")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOTOOLCHAIN=local")
	if output, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}
