package suite

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"racebench/internal/explore/engine"
)

// TestSameTraces runs the same schedules of failing tests in fresh processes,
// while another goroutine keeps a core busy, and compares every step of those
// that fail and the happens-before relation of all.
func TestSameTraces(t *testing.T) {
	processes := 5
	if slow {
		processes = 50
	}
	var stop atomic.Bool
	var busy sync.WaitGroup
	busy.Go(func() {
		for !stop.Load() {
		}
	})
	defer busy.Wait()
	defer stop.Store(true)
	const run = "^(TestLoadStore|TestDoubleClose|TestCheckThenAct|TestSyncMapCount|TestTwoLost|TestWaitWithoutLoop|TestContextWatcher|TestSemaphoreRelease)$"
	for _, race := range []bool{false, true} {
		tg := build(t, bugs, "./fail", race)
		var first []string
		failures := 0
		for n := range processes {
			p := tg.start(t, run)
			var got []string
			for _, name := range p.Tests {
				tot, err := p.Explore(engine.Job{Test: name, Mix: portfolio, Seed: 11, Count: 40}, func(o *engine.Outcome) bool {
					got = append(got, fmt.Sprintf("%s schedule %d: %v, %d steps, %s", name, o.Index, o.Evidence, o.Steps, o.Hash))
					failures++
					return true
				})
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%s: next %d, %d steps, %d decisions, %x", name, tot.Next, tot.Steps, tot.Decisions, tot.Fingerprints))
				if tot.Retire {
					p.Close()
					p = tg.start(t, run)
				}
			}
			p.Close()
			if n == 0 {
				first = got
				continue
			}
			if !slices.Equal(got, first) {
				for i := range min(len(got), len(first)) {
					if got[i] != first[i] {
						t.Fatalf("race=%v, process %d:\n%s\nand in the first one:\n%s", race, n, got[i], first[i])
					}
				}
				t.Fatalf("race=%v, process %d: %d lines, %d in the first one", race, n, len(got), len(first))
			}
		}
		if failures == 0 {
			t.Errorf("race=%v: nothing failed, so no trace was compared", race)
		}
	}
}
