package suite

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"racebench/internal/explore"
	"racebench/internal/explore/engine"
)

// TestCatalogueIsComplete checks that every test of package fail is in the
// catalogue and has a twin, and that there are as many as promised.
func TestCatalogueIsComplete(t *testing.T) {
	fail, pass := names(t, "fail"), names(t, "pass")
	if !slices.Equal(fail, pass) {
		t.Errorf("the packages differ: %v and %v", fail, pass)
	}
	var listed []string
	deep := 0
	for _, b := range catalogue {
		listed = append(listed, b.name)
		if b.depth >= 3 {
			deep++
			if b.goroutines == 0 || b.steps == 0 {
				t.Errorf("%s: no numbers to make a budget from", b.name)
			}
		}
	}
	slices.Sort(listed)
	if !slices.Equal(listed, fail) {
		t.Errorf("the catalogue is\n%v\nand the package has\n%v", listed, fail)
	}
	if len(listed) < 40 || deep < 8 {
		t.Errorf("%d bugs, %d deep ones; want 40 and 8", len(listed), deep)
	}
	have := map[engine.Evidence]bool{}
	for _, b := range catalogue {
		have[b.want] = true
	}
	for _, e := range []engine.Evidence{engine.Race, engine.Fail, engine.Panic, engine.Fatal, engine.Deadlock, engine.Leak, engine.Livelock, engine.LockOrder, engine.Exit} {
		if !have[e] {
			t.Errorf("no bug is evidence of %q", e)
		}
	}
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// names returns the tests of one of the packages, sorted.
func names(t *testing.T, pkg string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(bugs, pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunc.FindAllSubmatch(b, -1) {
			all = append(all, string(m[1]))
		}
	}
	slices.Sort(all)
	return all
}

func seeds() []uint64 {
	n := 1
	if slow {
		n = 20
	}
	var all []uint64
	for i := range n {
		all = append(all, uint64(i+1))
	}
	return all
}

// TestBugsAreFound looks for every bug, with every seed, within its budget.
func TestBugsAreFound(t *testing.T) {
	for _, b := range catalogue {
		t.Run(b.name, func(t *testing.T) {
			tg := build(t, bugs, "./fail", b.race)
			for _, seed := range seeds() {
				h := tg.search(t, b.name, showing(b.want), b.mix(), seed, b.budget())
				if h.first == 0 {
					t.Errorf("seed %d: no %s in %d schedules of %s; seen: %v", seed, b.want, b.budget(), what(b.mix()), h.other)
				}
				if b.depth < 3 || h.schedules == 0 {
					continue
				}
				// The budget is honest only if n and k are no smaller than what
				// they are made of.
				k := int(math.Ceil(float64(h.decisions) / float64(h.schedules)))
				if h.goroutines > b.goroutines || k > b.steps {
					t.Errorf("n=%d and k=%d, the budget is made from %d and %d", h.goroutines, k, b.goroutines, b.steps)
				}
			}
		})
	}
}

// kinds says how an exploration reports evidence.
var kinds = map[engine.Evidence]explore.Kind{
	engine.Race: explore.DataRace, engine.Fail: explore.Invariant, engine.Panic: explore.Panic, engine.Fatal: explore.Fatal, engine.Deadlock: explore.Deadlock,
	engine.Leak: explore.Leak, engine.Livelock: explore.Livelock, engine.LockOrder: explore.LockOrder, engine.Exit: explore.Exit,
}

// TestBugsAreReported explores all bugs as a user does and checks that each is
// reported as what it is, and confirmed.
func TestBugsAreReported(t *testing.T) {
	if !slow {
		t.Skip("waits for tests that hang without control: needs the build tag slow")
	}
	for _, race := range []bool{false, true} {
		r, err := explore.Run(t.Context(), explore.Config{Dir: bugs, Patterns: []string{"./fail"}, Race: race, Cache: cacheDir(t), Corpus: t.TempDir(), ReadOnly: true, Schedules: shallow})
		if err != nil {
			t.Fatal(err)
		}
		for _, tr := range r.Packages[0].Tests {
			b := catalogue[slices.IndexFunc(catalogue, func(b bug) bool { return b.name == tr.Name })]
			if b.depth > 2 || b.race != race {
				continue
			}
			kind := kinds[b.want]
			if b.name == "TestLockLeftHeld" {
				kind = explore.Deadlock // of a part of the goroutines
			}
			i := slices.IndexFunc(tr.Findings, func(f *explore.Finding) bool { return f.Kind == kind })
			if i < 0 {
				t.Errorf("race=%v: %s is not reported as %s: %d findings, %s", race, b.name, kind, len(tr.Findings), tr.Error)
				continue
			}
			if f := tr.Findings[i]; !f.Confirmed {
				t.Errorf("race=%v: %s is not confirmed: %s", race, b.name, f.NotReproducible)
			}
		}
	}
}

// TestTwinsAreClean explores the right twins.
func TestTwinsAreClean(t *testing.T) {
	for _, race := range []bool{false, true} {
		schedules := 100
		if slow {
			schedules = 20_000
		}
		r, err := explore.Run(t.Context(), explore.Config{Dir: bugs, Patterns: []string{"./pass"}, Race: race, Cache: cacheDir(t), Corpus: t.TempDir(), ReadOnly: true, Schedules: schedules, Minimise: -1})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Findings() {
			t.Errorf("race=%v: %s: %s: %s", race, f.Test, f.Kind, f.Message)
		}
		for _, u := range r.Undecided() {
			t.Errorf("race=%v: %s", race, u)
		}
		for _, tr := range r.Packages[0].Tests {
			if tr.Schedules != schedules {
				t.Errorf("race=%v: %s: %d of %d schedules", race, tr.Name, tr.Schedules, schedules)
			}
		}
	}
}
