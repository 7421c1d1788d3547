package harness

import (
	"runtime"
	"strings"
	"testing"

	"racebench/internal/protocol"
)

func execution(seed uint64, run func(*T)) protocol.Outcome {
	return Execute(Scenario{Name: "test/one", Run: run}, Config{Seed: seed})
}

// TestPanics checks that a panic or a Goexit in a client, in the main goroutine
// and at the end becomes a violation with its stack, and that what was
// registered for the end is still done.
func TestPanics(t *testing.T) {
	for name, run := range map[string]func(*T){
		"client":  func(t *T) { t.Add(2, func(*Client) { panic("boom") }); t.Run() },
		"spawned": func(t *T) { t.Spawn(func(*Client) { panic("boom") }) },
		"main":    func(*T) { panic("boom") },
		"at end":  func(t *T) { t.AtEnd(func() { panic("boom") }) },
	} {
		cleaned := false
		out := execution(1, func(t *T) {
			t.AtEnd(func() { cleaned = true })
			run(t)
		})
		if len(out.Violations) != 1 || !cleaned {
			t.Fatalf("%s: %d violations, cleaned up: %t", name, len(out.Violations), cleaned)
		}
		v := out.Violations[0]
		if v.Kind != kindPanic || v.Observed != "panic: boom" || !strings.Contains(v.Stack, "TestPanics") {
			t.Errorf("%s: %+v", name, v)
		}
	}
	out := execution(1, func(t *T) { t.Add(1, func(*Client) { runtime.Goexit() }); t.Run() })
	if len(out.Violations) != 1 || out.Violations[0].Kind != kindExit {
		t.Errorf("Goexit: %+v", out.Violations)
	}
}

// TestFirstViolationEndsWaiting checks that after the first violation nobody
// waits at a handshake, and nothing further is held against the component.
func TestFirstViolationEndsWaiting(t *testing.T) {
	out := execution(1, func(t *T) {
		never := NewLatch()
		t.Spawn(func(*Client) {
			if t.Await(never) {
				t.Fail("C2", "an event that never happens", "waiting", "it happened")
			}
		})
		t.Fail("C1", "the first", 1, 2)
		t.Fail("C2", "a consequence", 1, 2)
		if t.Await(never) || t.Until(func() bool { return false }) {
			t.Fail("C2", "an event that never happens", "waiting", "it happened")
		}
		t.Record(t.Now(), "get", nil, nil)
		t.History("cache", []int64{1})
	})
	if len(out.Violations) != 1 || out.Violations[0].Contract != "C1" {
		t.Errorf("%+v", out.Violations)
	}
	if len(out.Histories) != 0 {
		t.Error("a history was handed in after the execution was given up")
	}
}

// TestProgress watches a scenario that hangs after its first violation.
func TestProgress(t *testing.T) {
	p := new(Progress)
	hang, done := make(chan struct{}), make(chan protocol.Outcome, 1)
	go func() {
		done <- Execute(Scenario{Name: "test/hang", Run: func(t *T) {
			t.Add(3, func(c *Client) { c.Step() })
			t.Run()
			t.Fail("C1", "wrong", 1, 2)
			<-hang
		}}, Config{Progress: p})
	}()
	for len(p.Violations()) == 0 {
		runtime.Gosched()
	}
	if got := p.Total(); got != 3 {
		t.Errorf("%d operations, want 3", got)
	}
	close(hang)
	if out := <-done; out.Operations != 3 || len(out.Violations) != 1 {
		t.Errorf("%+v", out)
	}
}

// TestSeed checks that the seed decides what is drawn, and that the process is
// left as it was.
func TestSeed(t *testing.T) {
	procs := runtime.GOMAXPROCS(0)
	drawn := func(seed uint64) (numbers []uint64, parameters string) {
		out := execution(seed, func(t *T) {
			numbers = append(numbers, t.Rand.Uint64())
			more := make([]uint64, 2)
			for i := range more {
				t.Add(1, func(c *Client) { more[i] = c.Rand.Uint64() })
			}
			t.Run()
			numbers = append(numbers, more...)
		})
		return numbers, out.Parameters
	}
	different := map[string]bool{}
	for seed := range uint64(30) {
		a, p := drawn(seed)
		b, q := drawn(seed)
		if a[0] != b[0] || a[1] != b[1] || a[2] != b[2] || p != q {
			t.Fatalf("seed %d: %v (%s) and %v (%s)", seed, a, p, b, q)
		}
		if a[0] == a[1] || a[1] == a[2] {
			t.Fatalf("seed %d: two clients draw the same numbers", seed)
		}
		different[p] = true
	}
	if len(different) < 20 {
		t.Errorf("30 seeds chose only %d different parameters", len(different))
	}
	if got := runtime.GOMAXPROCS(0); got != procs {
		t.Errorf("GOMAXPROCS is %d, was %d", got, procs)
	}
}

// TestSkew checks that keys stay in range and that skew prefers the first ones.
func TestSkew(t *testing.T) {
	for skew := range 3 {
		execution(1, func(run *T) {
			run.par.skew = skew
			low := 0
			for range 1000 {
				key := run.Key(10)
				if key < 0 || key > 9 {
					t.Errorf("key %d of 10", key)
				}
				if key < 2 {
					low++
				}
			}
			// 1 in 5 without skew; sqrt(1/5) and its cube root with it.
			if want := []int{200, 447, 585}[skew]; low < want-80 || low > want+80 {
				t.Errorf("skew %d: %d of 1000 keys are among the first two, want about %d", skew, low, want)
			}
		})
	}
}
