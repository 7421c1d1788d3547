package runner

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"racebench/internal/result"
)

// observe runs one fixture once.
func observe(t *testing.T, o Options, name string) *Evidence {
	t.Helper()
	o.Launcher = launcher(t)
	if o.Plain.Path == "" {
		o.Plain = plain(t)
	}
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	o.spinCPU = cmp.Or(o.spinCPU, 200*time.Millisecond)
	o.stall = 50 * time.Millisecond
	o.Sources = fixtureSources(t)
	o.TempDir = t.TempDir()
	o.Scenarios = []Scenario{{Name: name, Component: result.Cache}}
	if o.Iterations == 0 {
		o.Iterations = 1
	}
	e, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(o.TempDir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
	if len(e.Trouble) > 0 {
		t.Errorf("trouble: %q", e.Trouble)
	}
	noWorkers(t, o.TempDir)
	return e
}

// noWorkers checks that no process is left that has its home below a folder.
func noWorkers(t *testing.T, dir string) {
	t.Helper()
	for _, w := range workersIn(t, dir) {
		t.Errorf("a process is left: %s", w)
	}
}

// workersIn lists the processes that have their home below a folder.
func workersIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, entry := range entries {
		// What ends meanwhile is not there.
		environ, _ := os.ReadFile(filepath.Join(entry, "environ"))
		if bytes.Contains(environ, []byte("HOME="+dir)) {
			line, _ := os.ReadFile(filepath.Join(entry, "cmdline"))
			list = append(list, filepath.Base(entry)+" "+string(bytes.ReplaceAll(line, []byte{0}, []byte(" "))))
		}
	}
	return list
}

func TestMisbehaviour(t *testing.T) {
	for _, c := range []struct {
		name string
		kind result.Kind
		// text is part of what was observed, or of the message.
		text string
		// place is a function that the finding points at.
		place    string
		complete bool
		plain    func(testing.TB) Binary
		memory   uint64
		spin     time.Duration // processor time without progress that is a livelock
	}{
		{name: "ok", complete: true},
		{name: "leak-late", complete: true},
		{name: "megabytes", complete: true},
		{name: "abba", kind: result.Deadlock, text: proofLeak, place: "planted.(*account).deposit"},
		{name: "abba", kind: result.Deadlock, text: proofDump, place: "planted.(*account).report", plain: noProfile},
		{name: "abba-global", kind: result.Deadlock, text: proofDump, place: "planted.(*account).deposit"},
		{name: "upgrade", kind: result.Deadlock, text: proofLeak, place: "planted.(*account).upgrade"},
		{name: "ring", kind: result.Deadlock, text: proofLeak, place: "planted.forward"},
		{name: "missed-signal", kind: result.Deadlock, text: "never be woken", place: "planted.(*account).awaitChange"},
		{name: "partial", kind: result.Deadlock, text: proofLeak, place: "planted.(*account).deposit"},
		{name: "leak", kind: result.GoroutineLeak, text: proofLeak, place: "planted.(*account).awaitChange", complete: true},
		{name: "leak-global", kind: result.GoroutineLeak, text: "1 left", place: "planted.(*account).awaitChange", complete: true},
		{name: "leak-timer", kind: result.GoroutineLeak, text: "1 left", complete: true},
		{name: "livelock", kind: result.Livelock, text: "used the processor", place: "planted.(*account).spin"},
		{name: "tight", kind: result.Livelock, text: "used the processor"},
		{name: "panic", kind: result.Panic, text: "assignment to entry in nil map"},
		{name: "maps", kind: result.Fatal, text: "concurrent map"},
		{name: "overflow", kind: result.Fatal, text: "stack overflow"},
		{name: "exit", kind: result.Hostile, text: "exit code 0"},
		{name: "exit2", kind: result.Hostile, text: "exit code 3"},
		{name: "exit-later", kind: result.Hostile, text: "exit code 0"},
		{name: "forge", kind: result.Hostile, text: "tampered"},
		{name: "garbage", kind: result.Hostile, text: "tampered"},
		{name: "hang-up", kind: result.Hostile},
		{name: "memory", kind: result.ResourceLimit, text: "256 MiB of memory", memory: 256 << 20},
		{name: "memory-slowly", kind: result.Livelock, text: "; memory grew from ", spin: time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Memory: c.memory, spinCPU: c.spin}
			if c.kind != result.Livelock {
				// On a busy machine memory and stacks grow slower than a livelock is
				// proved.
				o.spinCPU = time.Minute
			}
			if c.plain != nil {
				o.Plain = c.plain(t)
			}
			e := observe(t, o, c.name)
			if len(e.Iterations) != 1 || e.Iterations[0].Complete != c.complete {
				t.Errorf("iterations %+v, want one with complete %v", e.Iterations, c.complete)
			}
			if c.kind == "" {
				if len(e.Findings) > 0 {
					t.Errorf("accused: %+v", e.Findings)
				}
				return
			}
			i := slices.IndexFunc(e.Findings, func(f result.Finding) bool { return f.Kind == c.kind })
			if i < 0 {
				t.Fatalf("no finding of kind %s among %+v", c.kind, e.Findings)
			}
			f := e.Findings[i]
			if len(e.Findings) > 1 {
				t.Errorf("%d findings, want one: %+v", len(e.Findings), e.Findings)
			}
			if !strings.Contains(f.Message+" "+f.Observed, c.text) {
				t.Errorf("message %q, observed %q; want %q", f.Message, f.Observed, c.text)
			}
			if c.place != "" && !slices.ContainsFunc(f.Positions, func(p result.Position) bool { return p.Function == c.place }) {
				t.Errorf("positions %+v, want %s", f.Positions, c.place)
			}
		})
	}
}

// A scenario that sleeps longer than its deadline, or polls for ever by
// sleeping, gives no proof; the deadline alone decides nothing.
func TestDeadline(t *testing.T) {
	t.Parallel()
	t.Run("slow", func(t *testing.T) {
		t.Parallel()
		e := observe(t, Options{Timeout: time.Second}, "sleepy")
		if len(e.Findings) != 1 || e.Findings[0].Kind != result.Slow {
			t.Errorf("findings %+v, want slow", e.Findings)
		}
		if it := e.Iterations[0]; !it.Complete || !it.Passed {
			t.Errorf("iteration %+v, want complete and passed", it)
		}
	})
	t.Run("polling", func(t *testing.T) {
		t.Parallel()
		e := observe(t, Options{Timeout: time.Second}, "sleep-poll")
		if len(e.Findings) != 1 || e.Findings[0].Kind != result.Livelock {
			t.Errorf("findings %+v, want livelock", e.Findings)
		}
	})
	// Without the leak profile, one goroutine that goes on sleeping could
	// release the others for all that a dump tells.
	t.Run("partial", func(t *testing.T) {
		t.Parallel()
		e := observe(t, Options{Timeout: time.Second, Plain: noProfile(t)}, "partial")
		if len(e.Findings) != 1 || e.Findings[0].Kind != result.Deadlock {
			t.Errorf("findings %+v, want deadlock", e.Findings)
		}
	})
}

// TestSleepInInit: a worker that sleeps before it is ready is asked what it waits
// for long before its time is over, and once.
func TestSleepInInit(t *testing.T) {
	b := plain(t)
	b.Args = []string{"sleep-in-init"}
	e := observe(t, Options{Plain: b, Iterations: 9, Parallel: 1}, "ok")
	if len(e.Findings) != 1 || e.Findings[0].Kind != result.Livelock || !strings.Contains(e.Findings[0].Message, "initialisation") {
		t.Errorf("findings %+v, want a livelock in the initialisation", e.Findings)
	}
	if len(e.Iterations) != 1 || e.Elapsed > startPatience {
		t.Errorf("%d iterations in %v, want one", len(e.Iterations), e.Elapsed)
	}
}

// TestAnswerAtTheDeadline lets scenarios end when they are about to be overdue:
// the dump that was asked for comes after the answer, or in the next run, and is
// no forgery.
func TestAnswerAtTheDeadline(t *testing.T) {
	t.Parallel()
	e := observe(t, Options{Timeout: 20 * time.Millisecond, Iterations: 100, Parallel: 1}, "nap")
	for _, f := range e.Findings {
		if f.Kind == result.Hostile {
			t.Fatalf("accused: %s: %s", f.Message, f.Observed)
		}
	}
}

func TestRaceWorker(t *testing.T) {
	b := race(t)
	o := Options{Race: &b, RaceMode: RaceAll, Iterations: 3, Parallel: 1}
	e := observe(t, o, "canary/data-race")
	if len(e.Findings) != 1 {
		t.Fatalf("findings %+v, want one", e.Findings)
	}
	f := e.Findings[0]
	if f.Kind != result.DataRace || len(f.Positions) != 2 || len(f.Stacks) < 2 {
		t.Errorf("finding %+v", f)
	}
	// A race is reported once in the life of a process; the runner sees to it
	// that every iteration can show it.
	if !slices.Equal(f.Iterations, []int{0, 1, 2}) {
		t.Errorf("seen in iterations %v, want all three", f.Iterations)
	}
	for _, name := range []string{"ok", "canary/data-race-twin", "flood"} {
		if e := observe(t, o, name); len(e.Findings) > 0 || !e.Iterations[2].Passed {
			t.Errorf("%s: %+v", name, e.Findings)
		}
	}
	for name, kind := range map[string]result.Kind{
		"abba": result.Deadlock, "panic": result.Panic, "exit": result.Hostile, "leak": result.GoroutineLeak,
	} {
		if e := observe(t, Options{Race: &b, RaceMode: RaceAll}, name); len(e.Findings) != 1 || e.Findings[0].Kind != kind {
			t.Errorf("%s: %+v, want %s", name, e.Findings, kind)
		}
	}
}

func TestRepeatedHangs(t *testing.T) {
	e := observe(t, Options{Iterations: 9, Parallel: 2}, "abba")
	skipped := 0
	for _, it := range e.Iterations {
		skipped += len(it.Skipped)
		if it.Passed || it.Complete {
			t.Errorf("iteration %+v passed", it)
		}
	}
	// Two may be under way when the fifth ends.
	if len(e.Iterations) != 9 || skipped < 9-maxHangs-1 || skipped > 9-maxHangs {
		t.Errorf("%d of %d iterations skipped the scenario", skipped, len(e.Iterations))
	}
	if len(e.Limits) != 1 || !strings.Contains(e.Limits[0], "not run again") {
		t.Errorf("limits %q", e.Limits)
	}
	if len(e.Findings) != 1 {
		t.Errorf("%d findings, want the same one", len(e.Findings))
	}
}

// The worker's own stderr says what became of its tricks.
func TestContainment(t *testing.T) {
	for name, want := range map[string]string{
		"daemon":        "operation not permitted",
		"raise":         "signal operation not permitted",
		"socket":        "socket operation not permitted",
		"again":         "again operation not permitted",
		"peek":          "environ: permission denied open /etc/passwd: permission denied",
		"write-outside": "permission denied",
	} {
		t.Run(name, func(t *testing.T) {
			said, p := stderrOf(t, Options{}, name)
			for _, m := range p.measures {
				if !m.InForce {
					t.Skipf("%s is not in force here: %s", m.Name, m.Detail)
				}
			}
			if !strings.Contains(said, want) {
				t.Errorf("the worker said %q, want %q", said, want)
			}
		})
	}
	// Where nothing keeps a worker from starting a process, that is found and
	// killed.
	t.Run("sweep", func(t *testing.T) {
		o := Options{TempDir: t.TempDir(), bare: true}
		said, _ := stderrOf(t, o, "daemon")
		var pid int
		if _, err := fmt.Sscanf(said, "daemon %d", &pid); err != nil || pid == 0 {
			t.Fatalf("no daemon could be started: %q", said)
		}
		noWorkers(t, o.TempDir)
	})
}

// TestHeir: a process that outlives its worker, and holds its end of the pipe,
// does not keep the runner waiting.
func TestHeir(t *testing.T) {
	t.Parallel()
	began := time.Now()
	e := observe(t, Options{bare: true}, "heir")
	if len(e.Findings) != 1 || e.Findings[0].Kind != result.Hostile || !strings.Contains(e.Findings[0].Message, "exit code 0") {
		t.Errorf("findings %+v, want the exit", e.Findings)
	}
	if took := time.Since(began); took > 50*time.Second {
		t.Errorf("took %v: the runner waited for the heir", took)
	}
}

func stderrOf(t *testing.T, options Options, name string) (string, *process) {
	t.Helper()
	options.Launcher = launcher(t)
	o := options.withDefaults()
	sc := Scenario{Name: name}
	p, failure := o.ready(context.Background(), sc, plain(t))
	if p == nil {
		t.Fatal(trouble(*failure))
	}
	defer p.close()
	if obs := p.execute(context.Background(), o, sc, 1, time.Minute, true); obs.ending != completed {
		t.Fatal(trouble(obs))
	}
	p.close()
	return p.stderr.String(), p
}

// Whenever the run is told to stop, it ends soon, keeps what it has, and leaves
// no process.
func TestInterrupt(t *testing.T) {
	for _, after := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond} {
		t.Run(after.String(), func(t *testing.T) {
			dir := t.TempDir()
			ctx, cancel := context.WithTimeout(context.Background(), after)
			defer cancel()
			o := Options{
				Launcher: launcher(t), Plain: plain(t), TempDir: dir, Iterations: 1000, Parallel: 2,
				Scenarios: []Scenario{{Name: "ok"}, {Name: "sleepy"}, {Name: "abba"}},
			}
			e, err := Run(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			if !e.Interrupted {
				t.Error("not marked as interrupted")
			}
			if len(e.Trouble) > 0 || len(e.Findings) > 0 {
				t.Errorf("trouble %q, findings %+v", e.Trouble, e.Findings)
			}
			noWorkers(t, dir)
		})
	}
}

// orphan makes the test binary a runner that is killed in the middle of a run.
const orphan = "RACEBENCH_TEST_ORPHAN"

// Workers end with the runner even if it is killed by a signal that it cannot
// answer.
func TestRunnerKilled(t *testing.T) {
	dir := t.TempDir()
	if binary := os.Getenv(orphan); binary != "" {
		_, err := Run(context.Background(), Options{
			Launcher: launcher(t), Plain: Binary{Path: binary}, TempDir: os.Getenv("TMPDIR"), Iterations: 1, Parallel: 1,
			Scenarios: []Scenario{{Name: "leak-late"}, {Name: "tight"}},
			Progress:  func(Event) {}, spinCPU: time.Hour, Timeout: time.Hour,
		})
		t.Fatalf("the run ended: %v", err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestRunnerKilled$")
	cmd.Env = append(os.Environ(), orphan+"="+plain(t).Path, "TMPDIR="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for len(workersIn(t, dir)) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the runner was not killed")
	}
	// The kernel sends the signal; dying takes a moment.
	for range 500 {
		if len(workersIn(t, dir)) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	noWorkers(t, dir)
}

func TestNoLauncher(t *testing.T) {
	e, err := Run(context.Background(), Options{
		Launcher: []string{"/bin/true"}, Plain: plain(t), Iterations: 1, Scenarios: []Scenario{{Name: "ok"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Trouble) == 0 || len(e.Findings) > 0 {
		t.Errorf("trouble %q, findings %+v; want trouble of our own", e.Trouble, e.Findings)
	}
}

func TestUnknownScenario(t *testing.T) {
	e, err := Run(context.Background(), Options{
		Launcher: launcher(t), Plain: plain(t), Iterations: 1, Scenarios: []Scenario{{Name: "no-such"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Trouble) == 0 || len(e.Findings) > 0 {
		t.Errorf("trouble %q, findings %+v; want trouble of our own", e.Trouble, e.Findings)
	}
}
