package suite

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"racebench/internal/explore"
	"racebench/internal/explore/engine"
)

// bugs is the module of the bugs.
const bugs = "testdata/bugs"

// A target is a package built for control, which several tests share.
type target struct {
	builder *engine.Builder
	binary  *engine.Binary
}

var (
	targets   = map[string]*target{}
	targetsMu sync.Mutex
	buildDir  string
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "racebench-suite-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buildDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// cacheDir is the cache that racebench itself uses, so that the standard
// library is built only once for both.
func cacheDir(t testing.TB) string {
	t.Helper()
	dir, err := explore.DefaultCache()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// build builds a package of a module, once.
func build(t testing.TB, module, pattern string, race bool) *target {
	t.Helper()
	targetsMu.Lock()
	defer targetsMu.Unlock()
	key := fmt.Sprint(module, pattern, race)
	if tg := targets[key]; tg != nil {
		return tg
	}
	b, err := engine.NewBuilder(t.Context(), engine.Target{Dir: module, Patterns: []string{pattern}, Race: race, Cache: cacheDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(buildDir, "")
	if err != nil {
		t.Fatal(err)
	}
	bin, err := b.Build(t.Context(), b.Packages[0], dir)
	if err != nil {
		t.Fatal(err)
	}
	tg := &target{b, bin}
	targets[key] = tg
	return tg
}

func (tg *target) start(t testing.TB, run string) *engine.Process {
	t.Helper()
	p, err := engine.Start(t.Context(), tg.binary, engine.Options{
		Tested: tg.builder.Tested, Run: run, Bound: 20_000, Fair: 200_000, Epoch: time.Unix(1_800_000_000, 0), Horizon: time.Hour,
		Timeout: 10 * time.Minute, Slip: 10 * time.Millisecond, Stall: 30 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A hunt is the outcome of a search for evidence.
type hunt struct {
	evidence   engine.Evidence
	first      int // the schedule that showed it, from 1; 0: none did
	goroutines int // most of a schedule
	decisions  int // of all schedules
	schedules  int
	other      map[engine.Evidence]int // evidence of other kinds, by the first schedule
}

// showing wants one of several kinds of evidence.
func showing(kinds ...engine.Evidence) func(*engine.Outcome) engine.Evidence {
	return func(o *engine.Outcome) engine.Evidence {
		for _, e := range o.Evidence {
			if slices.Contains(kinds, e) {
				return e
			}
		}
		return ""
	}
}

// search runs up to budget schedules of a test, in as many processes as it
// takes, until wanted names what one shows. The default schedule comes first and
// does not count, but ends the search where it shows the bug: first is 1 then.
func (tg *target) search(t *testing.T, test string, wanted func(*engine.Outcome) engine.Evidence, mix []engine.Strategy, seed uint64, budget int) hunt {
	t.Helper()
	h := hunt{other: map[engine.Evidence]int{}}
	job := engine.Job{Test: test, Mix: mix, Seed: seed, Default: true}
	for job.From < uint64(budget) && h.first == 0 {
		p := tg.start(t, "^"+test+"$")
		for job.From < uint64(budget) && h.first == 0 {
			job.Count = min(uint64(budget)-job.From, 1024)
			tot, err := p.Explore(job, func(o *engine.Outcome) bool {
				index := 1
				if o.Index != engine.DefaultIndex {
					index = int(o.Index) + 1
				}
				if e := wanted(o); e != "" {
					h.first, h.evidence = index, e
					return false
				}
				for _, e := range o.Evidence {
					if h.other[e] == 0 {
						h.other[e] = index
					}
				}
				return true
			})
			if err != nil {
				p.Close()
				t.Fatalf("%s: %v", test, err)
			}
			h.goroutines = max(h.goroutines, tot.Goroutines)
			h.decisions += tot.Decisions
			h.schedules += tot.Runs
			job.From, job.Default = tot.Next, false
			if tot.Retire {
				break
			}
		}
		p.Close()
	}
	return h
}

// what names strategies as the command line does.
func what(mix []engine.Strategy) string {
	if len(mix) > 1 {
		return "portfolio"
	}
	return mix[0].String()
}
