package explore

import (
	"bytes"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"racebench/internal/explore/engine"
	"racebench/internal/explore/overlay"
	"racebench/internal/explore/schedule"
	"racebench/internal/explore/trace"
)

// twins is the module of small tests, right and wrong ones.
const twins = "testdata/twins"

func config(t *testing.T, pattern string) Config {
	t.Helper()
	return Config{Dir: twins, Patterns: []string{pattern}, ReadOnly: true, Corpus: t.TempDir(), Cache: cacheDir(t)}
}

// cacheDir is the cache that racebench itself uses, so that the standard
// library is built only once for both.
func cacheDir(t *testing.T) string {
	t.Helper()
	dir, err := DefaultCache()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func run(t *testing.T, c Config) *Report {
	t.Helper()
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wanted are the kinds of finding that the wrong twins have to show, the first
// one being the defect itself.
var wanted = map[string]Kind{
	"TestCheckThenAct":      Invariant,
	"TestOppositeOrder":     Deadlock,
	"TestMissedSignal":      Deadlock,
	"TestLeakOnTimeout":     Leak,
	"TestDoubleClose":       Panic,
	"TestSendOnClosed":      Panic,
	"TestNegativeWaitGroup": Panic,
	"TestUnlockOfUnlocked":  Fatal,
	"TestAddInGoroutine":    Invariant,
	"TestLivelock":          Livelock,
	"TestExit":              Exit,
	"TestLockLeftHeld":      Deadlock,
	"TestAtomicFunctions":   Invariant,
}

func checkWrong(t *testing.T, r *Report, want map[string]Kind) {
	t.Helper()
	for _, tr := range r.Packages[0].Tests {
		kind, ok := want[tr.Name]
		i := slices.IndexFunc(tr.Findings, func(f *Finding) bool { return f.Kind == kind })
		if !ok {
			continue
		}
		if i < 0 {
			t.Errorf("%s: no %s in %d schedules; %d findings, %s", tr.Name, kind, tr.Schedules, len(tr.Findings), tr.Error)
			continue
		}
		f := tr.Findings[i]
		if !f.Confirmed {
			t.Errorf("%s: not confirmed: %s", tr.Name, f.NotReproducible)
		}
		if f.Schedule == nil || !f.Schedule.Minimal && kind != Livelock {
			t.Errorf("%s: not minimal", tr.Name)
		}
		delete(want, tr.Name)
		if f.Trace == nil {
			continue
		}
		for _, b := range f.Blocked {
			// What a goroutine waits for has the name that the trace gives it.
			if b.Object != "" && !b.Running && !slices.ContainsFunc(f.Trace.Steps, func(s trace.Step) bool {
				return s.Goroutine == b.Goroutine.ID && s.Phase == trace.Blocked && s.Object == b.Object
			}) {
				t.Errorf("%s: goroutine %s waits for %s, which it does not in the trace", tr.Name, b.Goroutine.Name, b.Object)
			}
		}
	}
	for name := range want {
		if !slices.ContainsFunc(r.Packages[0].Tests, func(tr TestReport) bool { return tr.Name == name }) {
			t.Errorf("%s did not run", name)
		}
	}
}

func TestWrongTwins(t *testing.T) {
	c := config(t, "./fail")
	c.Schedules = 300
	want := map[string]Kind{}
	for k, v := range wanted {
		want[k] = v
	}
	checkWrong(t, run(t, c), want)
}

func TestWrongTwinsUnderRaceDetector(t *testing.T) {
	c := config(t, "./fail")
	c.Race, c.Schedules, c.Run = true, 300, "LostUpdate|CheckThenAct|OppositeOrder|DoubleClose"
	checkWrong(t, run(t, c), map[string]Kind{"TestLostUpdate": DataRace, "TestCheckThenAct": Invariant, "TestOppositeOrder": Deadlock, "TestDoubleClose": Panic})
}

func TestRightTwins(t *testing.T) {
	for _, race := range []bool{false, true} {
		c := config(t, "./pass")
		c.Race, c.Schedules = race, 300
		if slow {
			c.Schedules = 20_000
		}
		r := run(t, c)
		for _, f := range r.Findings() {
			t.Errorf("race=%v: %s: %s: %s", race, f.Test, f.Kind, f.Message)
		}
		for _, u := range r.Undecided() {
			t.Errorf("race=%v: %s", race, u)
		}
	}
}

// TestUsual explores tests that rely on a clock that goes on, use the network,
// begin many goroutines, or only take long: nothing of this may be accused.
func TestUsual(t *testing.T) {
	const budget = "some schedules hit the step bound without being stuck (budget)"
	for _, part := range []struct {
		run    string
		bound  int
		limits map[string]string
	}{
		{"Clock|Initialisation|Sleepers|Server|Goroutines", 0, map[string]string{"TestServer": "the network answers in its own order", "TestManyGoroutines": "more goroutines than can be controlled"}},
		{"Long", 300, map[string]string{"TestLong": budget, "TestLongCount": budget}}, // 3 000 fair steps, 30 000 without news
	} {
		c := config(t, "./usual")
		c.Schedules, c.Run, c.Bound = 12, part.run, part.bound
		r := run(t, c)
		for _, f := range r.Findings() {
			t.Errorf("%s: %s: %s", f.Test, f.Kind, f.Message)
		}
		for _, u := range r.Undecided() {
			t.Error(u)
		}
		for _, tr := range r.Packages[0].Tests {
			if want := part.limits[tr.Name]; want != "" && !slices.Contains(tr.Limits, want) {
				t.Errorf("%s: limits %q, want %q", tr.Name, tr.Limits, want)
			}
			if tr.Name == "TestSleepersTogether" && tr.Distinct < 4 {
				t.Errorf("%s: only %d different schedules", tr.Name, tr.Distinct)
			}
		}
	}
}

// TestInitialisationBeforeRecordedTime replays at the time of a recording: what
// the package remembers from its initialisation must be earlier still.
func TestInitialisationBeforeRecordedTime(t *testing.T) {
	b, bin := open(t, "./usual", false)
	opt := options(b)
	opt.Epoch = time.Now().AddDate(-1, 0, 0)
	p, err := engine.Start(t.Context(), bin, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, name := range []string{"TestInitialisationIsEarlier", "TestClockGoesOn"} {
		if _, err := p.Explore(engine.Job{Test: name, Mix: []engine.Strategy{{Kind: engine.Random}}, Count: 3, Default: true}, func(o *engine.Outcome) bool {
			if len(o.Evidence) > 0 {
				t.Errorf("%s: %v\n%s", name, o.Evidence, o.Output)
			}
			return true
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestExitBeforeTests starts a test binary that ends without running a test:
// the driver must not wait for its word for ever.
func TestExitBeforeTests(t *testing.T) {
	b, bin := open(t, "./nothing", false)
	_, err := engine.Start(t.Context(), bin, options(b))
	if !errors.Is(err, engine.ErrExited) || !strings.Contains(err.Error(), "no database here") {
		t.Errorf("got %v", err)
	}
}

// open builds one package of the twins.
func open(t *testing.T, pattern string, race bool) (*engine.Builder, *engine.Binary) {
	t.Helper()
	b, err := engine.NewBuilder(t.Context(), engine.Target{Dir: twins, Patterns: []string{pattern}, Race: race, Cache: cacheDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	bin, err := b.Build(t.Context(), b.Packages[0], t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return b, bin
}

func options(b *engine.Builder) engine.Options {
	return engine.Options{
		Tested: b.Tested, Bound: 20_000, Fair: 200_000, Epoch: time.Unix(1_800_000_000, 0), Horizon: time.Hour, Timeout: 10 * time.Minute,
		Slip: 10 * time.Millisecond, Stall: 20 * time.Second,
	}
}

// TestSameSeedSameSchedules runs the same jobs in fresh processes and compares
// what every schedule did.
func TestSameSeedSameSchedules(t *testing.T) {
	processes := 4
	if slow {
		processes = 50
	}
	for _, race := range []bool{false, true} {
		b, bin := open(t, "./pass", race)
		var first []engine.Totals
		for n := range processes {
			p, err := engine.Start(t.Context(), bin, options(b))
			if err != nil {
				t.Fatal(err)
			}
			for i, name := range p.Tests {
				mix := []engine.Strategy{{Kind: engine.Random}, {Kind: engine.PCT, Depth: 3}, {Kind: engine.POS}, {Kind: engine.Sticky, Stay: 7}}
				tot, err := p.Explore(engine.Job{Test: name, Mix: mix, Seed: 7, Count: 40}, func(o *engine.Outcome) bool { return true })
				if err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					first = append(first, tot)
					continue
				}
				if !slices.Equal(tot.Fingerprints, first[i].Fingerprints) || tot.Steps != first[i].Steps || tot.Decisions != first[i].Decisions {
					t.Errorf("race=%v, process %d: %s took another way: %d and %d steps", race, n, name, tot.Steps, first[i].Steps)
				}
			}
			p.Close()
		}
	}
}

// TestExhaustiveCounts compares the number of schedules that the search with
// sleep sets finds with the number of different orders of dependent
// operations, counted by hand.
func TestExhaustiveCounts(t *testing.T) {
	c := config(t, "./count")
	c.Strategy, c.Preemptions = "exhaustive", -1
	want := map[string]int{
		"TestOneOne":      2,  // 2!/(1!·1!)
		"TestTwoTwo":      6,  // 4!/(2!·2!)
		"TestThreeThree":  20, // 6!/(3!·3!)
		"TestOneOneOne":   6,  // 3!
		"TestIndependent": 1,
		"TestLoads":       1,
		"TestLoadStore":   2,
	}
	for _, tr := range run(t, c).Packages[0].Tests {
		if tr.Schedules != want[tr.Name] || !strings.HasPrefix(tr.Complete, "all schedules") {
			t.Errorf("%s: %d schedules, want %d (%s)", tr.Name, tr.Schedules, want[tr.Name], tr.Complete)
		}
		if tr.Distinct != tr.Schedules {
			t.Errorf("%s: %d schedules, %d different", tr.Name, tr.Schedules, tr.Distinct)
		}
	}
}

// bounded counts the schedules of threads with the given numbers of steps that
// have at most c preemptions.
func bounded(steps []int, cur, c int) int {
	total, left := 0, 0
	for i, n := range steps {
		left += n
		if n == 0 {
			continue
		}
		spend := 0
		if cur >= 0 && steps[cur] > 0 && i != cur {
			spend = 1
		}
		if spend > c {
			continue
		}
		steps[i]--
		total += bounded(steps, i, c-spend)
		steps[i]++
	}
	if left == 0 {
		return 1
	}
	return total
}

// TestPreemptionBound compares the bounded search with the same count made
// from a model. Each goroutine has one step more than operations, its start;
// the test's root has one step, at the end of the test.
func TestPreemptionBound(t *testing.T) {
	for name, steps := range map[string][]int{"TestOneOne": {1, 2, 2}, "TestTwoTwo": {1, 3, 3}, "TestOneOneOne": {1, 2, 2, 2}} {
		for c := range 3 {
			cfg := config(t, "./count")
			cfg.Run, cfg.Strategy, cfg.Preemptions, cfg.Schedules = "^"+name+"$", "exhaustive", c, 100_000
			tr := run(t, cfg).Packages[0].Tests[0]
			if want := bounded(steps, -1, c); tr.Schedules != want || !strings.HasPrefix(tr.Complete, "all ") {
				t.Errorf("%s with %d preemptions: %d schedules, want %d (%s)", name, c, tr.Schedules, want, tr.Complete)
			}
		}
	}
}

// TestPCTBound compares how often PCT shows bugs of a known depth d with its
// guarantee, 1/(n·k^(d-1)) for n goroutines and k steps, and checks that it
// misses them where it is told of a smaller depth.
func TestPCTBound(t *testing.T) {
	const runs = 10_000
	b, bin := open(t, "./depth", false)
	p, err := engine.Start(t.Context(), bin, options(b))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for bug, name := range []string{"Test1", "Test2", "Test3"} {
		for depth := 1; depth <= 3; depth++ {
			found := 0
			tot, err := p.Explore(engine.Job{Test: name, Mix: []engine.Strategy{{Kind: engine.PCT, Depth: depth}}, Seed: 1, Count: runs}, func(o *engine.Outcome) bool {
				found++
				return true
			})
			if err != nil {
				t.Fatal(err)
			}
			if tot.Next != runs {
				t.Fatalf("%s: %d of %d schedules were run", name, tot.Next, runs)
			}
			d := bug + 1
			k := float64(tot.Decisions) / runs
			bound := 1 / (float64(tot.Goroutines) * math.Pow(k, float64(d-1)))
			rate := float64(found) / runs
			t.Logf("%s, pct depth %d: found in %.2f %% of the schedules, bound %.2f %% (n=%d, k=%.1f)", name, depth, 100*rate, 100*bound, tot.Goroutines, k)
			switch {
			case depth < d && found > 0:
				t.Errorf("%s: found %d times with depth %d, which is too small", name, found, depth)
			case depth == d && rate < bound:
				t.Errorf("%s: found in %.3f %% of the schedules, the bound is %.3f %%", name, 100*rate, 100*bound)
			}
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, c := range []Config{{Strategy: "luck"}, {Strategy: "pct", Depth: -1}} {
		if _, err := Run(t.Context(), c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}

// edited copies the twins' module with one file changed.
func edited(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module edited\n\ngo 1.25\n", "bank_test.go": source} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const bank = `package edited

import (
	"sync"
	"testing"
)

func TestBank(t *testing.T) {
	var mu sync.Mutex
	money := 10
	take := func() {
		mu.Lock()
		m := money
		mu.Unlock()
		mu.Lock()
		money = m - 5
		mu.Unlock()
	}
	var wg sync.WaitGroup
	wg.Go(take)
	wg.Go(take)
	wg.Wait()
	if money != 0 {
		t.Errorf("%d left", money)
	}
}
`

// TestFoundSchedulesSurviveEdits checks what becomes of a found schedule: an
// edit that adds no operation keeps it, a fix makes it pass, and one that takes
// away an operation makes it stale.
func TestFoundSchedulesSurviveEdits(t *testing.T) {
	dir := edited(t, bank)
	c := Config{Dir: dir, Cache: cacheDir(t), Schedules: 200}
	r := run(t, c)
	if len(r.Findings()) != 1 || r.Findings()[0].File == "" {
		t.Fatalf("findings: %v", r.Findings())
	}
	files, _ := filepath.Glob(filepath.Join(dir, "testdata", "racebench", "*.json"))
	if len(files) != 1 {
		t.Fatalf("kept: %v", files)
	}
	s, err := schedule.Read(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []struct {
		name, old, new string
		want           CorpusStatus
	}{
		{"nothing", "", "", StillFails},
		{"a log line", "		m := money\n", "		m := money\n		t.Log(\"money\", m)\n", StillFails},
		{"a renamed variable", "money", "cash", StillFails},
		{"an added line", "	money := 10\n", "	x := 5\n	_ = x\n	money := 10\n", StillFails},
		{"the fix", "		mu.Unlock()\n		mu.Lock()\n", "", Stale},
		{"a fix that keeps the operations", "money = m - 5", "money -= 5; _ = m", Fixed},
		{"the goroutine is gone", "	wg.Go(take)\n	wg.Go(take)\n", "	take()\n	take()\n	money = 0\n", Stale},
	} {
		source := bank
		if e.old != "" {
			source = strings.ReplaceAll(bank, e.old, e.new)
		}
		if err := os.WriteFile(filepath.Join(dir, "bank_test.go"), []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := Replay(t.Context(), Config{Dir: dir, Cache: c.Cache}, s)
		if err != nil {
			t.Fatal(err)
		}
		if got.Status != e.want {
			t.Errorf("%s: %s, want %s", e.name, got.Status, e.want)
		}
		if e.old == "" && !got.Same {
			t.Errorf("%s: another trace", e.name)
		}
		var b bytes.Buffer
		if err := got.WriteText(&b); err != nil || b.Len() == 0 {
			t.Errorf("%s: %v", e.name, err)
		}
	}
}

// TestSharedProcess lets tests meet what others left in a global variable: what
// is wrong only because of that is no finding, and what is wrong anyway is one.
func TestSharedProcess(t *testing.T) {
	dir := edited(t, bank+`
var visited bool

func TestA(t *testing.T) { visited = true }

func TestBAfterA(t *testing.T) {
	if visited {
		t.Error("somebody was here before")
	}
}

func TestC(t *testing.T) { TestBank(t) }

func TestD(t *testing.T) {}
`)
	c := Config{Dir: dir, Cache: cacheDir(t), Schedules: 100, ReadOnly: true, Share: true, Run: "^Test[A-C]"}
	got := map[string][]Kind{}
	for _, tr := range run(t, c).Packages[0].Tests {
		got[tr.Name] = []Kind{}
		for _, f := range tr.Findings {
			got[tr.Name] = append(got[tr.Name], f.Kind)
			if !f.Confirmed {
				t.Errorf("%s: not confirmed: %s", tr.Name, f.NotReproducible)
			}
		}
		if len(tr.Findings) == 0 && tr.Schedules != c.Schedules {
			t.Errorf("%s: %d schedules", tr.Name, tr.Schedules)
		}
	}
	want := map[string][]Kind{"TestBank": {Invariant}, "TestA": {}, "TestBAfterA": {}, "TestC": {Invariant}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}

	// Two tests without findings take one process, or one each.
	c.Run = "^Test[AD]$"
	for share, want := range map[bool]int{true: 1, false: 2} {
		l := new(counting)
		c.Share, c.Launcher = share, l
		run(t, c)
		if l.launched != want {
			t.Errorf("share %v: %d processes, want %d", share, l.launched, want)
		}
	}
}

// counting is a Launcher that counts.
type counting struct{ launched int }

func (l *counting) Launch(cmd *exec.Cmd, _ string) (func(), error) {
	l.launched++
	return func() {}, cmd.Start()
}

// TestModuleOfOldGo explores a module of the time when timer channels were
// asynchronous.
func TestModuleOfOldGo(t *testing.T) {
	dir := edited(t, `package edited

import (
	"testing"
	"time"
)

func TestTimeout(t *testing.T) {
	start := time.Now()
	tick := time.NewTicker(time.Second)
	<-tick.C
	tick.Stop()
	select {
	case <-time.After(time.Hour):
	case <-time.After(2 * time.Hour):
		t.Error("the later one")
	}
	if d := time.Since(start); d < time.Hour || d > 2*time.Hour {
		t.Error(d)
	}
	if y := time.Now().Year(); y < 2025 {
		t.Error("year", y)
	}
}
`)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module edited\n\ngo 1.20\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := run(t, Config{Dir: dir, Cache: cacheDir(t), Schedules: 50, Virtual: 5 * time.Hour, ReadOnly: true})
	for _, f := range r.Findings() {
		t.Errorf("%s: %s", f.Kind, f.Message)
	}
	if n := r.Packages[0].Tests[0].Schedules; n != 50 {
		t.Errorf("%d schedules", n)
	}
}

// releases are the Go releases that the matrix tests, besides the installed one.
var releases = []string{"go1.25.4", "go1.27.0"}

// TestAnchorsOfOtherReleases applies the edits to the sources of other releases,
// as far as they are in the module cache.
func TestAnchorsOfOtherReleases(t *testing.T) {
	for _, version := range releases {
		root := downloaded(t, version)
		if root == "" {
			t.Logf("SKIP %s: not in the module cache", version)
			continue
		}
		for _, race := range []bool{false, true} {
			if _, err := overlay.Apply(root, version, race); err != nil {
				t.Errorf("race=%v: %v", race, err)
			}
		}
	}
}

// downloaded returns the folder of a release in the module cache, or "".
func downloaded(t *testing.T, version string) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "golang.org", "toolchain@v0.0.1-"+version+".linux-amd64")
	if _, err := os.Stat(root); err != nil {
		return ""
	}
	return root
}

// TestOtherReleases runs the twins with other releases of Go, which come from
// the module proxy.
func TestOtherReleases(t *testing.T) {
	if !slow {
		t.Skip("builds several standard libraries: needs the build tag slow")
	}
	for _, version := range releases {
		env := []string{"GOTOOLCHAIN=" + version}
		cmd := exec.Command("go", "version")
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("SKIP %s: %s", version, out)
			continue
		}
		for _, race := range []bool{false, true} {
			c := config(t, "./fail")
			c.Env, c.Race, c.Schedules, c.Run = env, race, 300, "CheckThenAct|OppositeOrder|MissedSignal|DoubleClose|LeakOnTimeout"
			want := map[string]Kind{}
			for _, name := range []string{"TestCheckThenAct", "TestOppositeOrder", "TestMissedSignal", "TestDoubleClose", "TestLeakOnTimeout"} {
				want[name] = wanted[name]
			}
			r := run(t, c)
			if r.GoVersion != version {
				t.Errorf("explored with %s, want %s", r.GoVersion, version)
			}
			checkWrong(t, r, want)
			c = config(t, "./pass")
			c.Env, c.Race, c.Schedules = env, race, 100
			r = run(t, c)
			for _, f := range r.Findings() {
				t.Errorf("%s race=%v: %s: %s: %s", version, race, f.Test, f.Kind, f.Message)
			}
			for _, u := range r.Undecided() {
				t.Errorf("%s race=%v: %s", version, race, u)
			}
		}
	}
}
