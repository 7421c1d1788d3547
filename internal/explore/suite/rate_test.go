package suite

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"racebench/internal/explore"
	"racebench/internal/explore/engine"
)

// small are right tests of two to three goroutines, with what they use.
var small = []string{
	"TestLoadStore",     // atomics
	"TestCheckThenAct",  // a mutex
	"TestSendOnClosed",  // channels
	"TestMissedSignal",  // a condition
	"TestLeakOnTimeout", // timers
}

// BenchmarkSchedules runs b.N schedules of small tests with the default
// portfolio. An operation is a schedule. Besides the wall time, which other work
// on the machine lengthens, it reports schedules per second of the test
// process's processor time: what one core does.
//
//	go test -run '^$' -bench Schedules -count 6 .
func BenchmarkSchedules(b *testing.B) {
	for _, race := range []bool{false, true} {
		mode := "plain"
		if race {
			mode = "race"
		}
		for _, name := range small {
			b.Run(mode+"/"+strings.TrimPrefix(name, "Test"), func(b *testing.B) {
				tg := build(b, bugs, "./pass", race)
				job := engine.Job{Test: name, Mix: portfolio, Seed: 1}
				before := processorTime(b)
				b.ResetTimer()
				for job.From < uint64(b.N) {
					p := tg.start(b, "^"+name+"$")
					for retire := false; job.From < uint64(b.N) && !retire; {
						job.Count = min(uint64(b.N)-job.From, 4096)
						tot, err := p.Explore(job, func(o *engine.Outcome) bool {
							b.Errorf("%v", o.Evidence)
							return false
						})
						if err != nil {
							b.Fatal(err)
						}
						job.From, job.Learnt, job.Length, retire = tot.Next, tot.Learnt, tot.Length, tot.Retire
					}
					p.Close()
				}
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "schedules/s")
				b.ReportMetric(float64(b.N)/(processorTime(b)-before).Seconds(), "schedules/cpu-s")
			})
		}
	}
}

// processorTime is what the children that have ended have used.
func processorTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var memorySchedules = flag.Int("memory", 0, "schedules of TestMemoryIsFlat (default 40000, or a million with the build tag slow)")

// TestMemoryIsFlat explores a test for long and looks at the resident memory of
// this process and all its descendants meanwhile: the most in the last third
// may not be more than a tenth, and 16 MB, above the most in the second third.
// The first third may grow to whatever it needs.
func TestMemoryIsFlat(t *testing.T) {
	schedules := cmp.Or(*memorySchedules, 40_000)
	if slow {
		schedules = cmp.Or(*memorySchedules, 1_000_000)
	}
	for _, race := range []bool{false, true} {
		t.Run(fmt.Sprintf("race=%v", race), func(t *testing.T) {
			var samples []sample
			r, err := explore.Run(t.Context(), explore.Config{
				Dir: bugs, Patterns: []string{"./pass"}, Run: "^TestSendOnClosed$", Race: race, Cache: cacheDir(t),
				Schedules: schedules, Corpus: t.TempDir(), ReadOnly: true,
				Progress: func(p explore.Progress) {
					if p.Phase == "explore" {
						samples = append(samples, sample{p.Schedules, resident(t)})
					}
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Findings() {
				t.Fatalf("%s: %s", f.Test, f.Message)
			}
			var most [3]int64
			for _, s := range samples {
				third := min(s.schedules*3/schedules, 2)
				most[third] = max(most[third], s.bytes)
			}
			tr := r.Packages[0].Tests[0]
			t.Logf("%d schedules in %v, %d samples, at most %.0f, %.0f, %.0f MB in the three thirds", tr.Schedules, tr.Elapsed.Round(time.Second), len(samples), mb(most[0]), mb(most[1]), mb(most[2]))
			if slices.Contains(most[1:], 0) {
				t.Skip("too few samples")
			}
			if most[2] > most[1]+most[1]/10+16<<20 {
				t.Errorf("memory grows: at most %.0f MB in the second third, %.0f MB in the last", mb(most[1]), mb(most[2]))
			}
		})
	}
}

type sample struct {
	schedules int
	bytes     int64
}

func mb(n int64) float64 { return float64(n) / 1e6 }

// resident sums up the resident memory of this process and its descendants, in
// bytes. What ends meanwhile counts for nothing.
func resident(t *testing.T) int64 {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	parent, rss := map[int]int{}, map[int]int64{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		// pid (name) state ppid …; the name may hold anything.
		text := string(b)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		f := strings.Fields(text[strings.LastIndex(text, ")")+1:])
		parent[pid], _ = strconv.Atoi(f[1])
		pages, _ := strconv.ParseInt(f[21], 10, 64)
		rss[pid] = pages * int64(os.Getpagesize())
	}
	var sum int64
	for pid := range rss {
		for p := pid; p > 1; p = parent[p] {
			if p == os.Getpid() {
				sum += rss[pid]
				break
			}
		}
	}
	return sum
}
