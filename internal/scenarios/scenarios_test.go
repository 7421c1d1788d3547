package scenarios

import (
	"testing"
	"time"

	"racebench/internal/history"
	"racebench/internal/model"
	"racebench/internal/protocol"
	"racebench/internal/scenarios/harness"
)

// TestRight runs every scenario many times on the built-in components, which
// are right: nothing may be found.
func TestRight(t *testing.T) {
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			for seed := range uint64(20) {
				out := harness.Execute(s, harness.Config{Seed: seed})
				for _, v := range out.Violations {
					t.Fatalf("seed %d (%s): %+v\n%s", seed, out.Parameters, v, v.Stack)
				}
				checkHistories(t, seed, out)
				if out.Operations == 0 {
					t.Fatalf("seed %d: no operation was counted", seed)
				}
			}
		})
	}
}

// TestGates replays the gates' histories on the built-in components.
func TestGates(t *testing.T) {
	for _, s := range Gates() {
		for seed := range uint64(20) {
			out := harness.Execute(s, harness.Config{Seed: seed})
			for _, v := range out.Violations {
				t.Fatalf("%s: seed %d: %+v\n%s", s.Name, seed, v, v.Stack)
			}
			if len(out.Histories) == 0 {
				t.Fatalf("%s recorded nothing", s.Name)
			}
			for _, h := range out.Histories {
				if d, err := history.Replay(h); d != nil || err != nil {
					t.Fatalf("%s: seed %d: %v, %v", s.Name, seed, d, err)
				}
			}
		}
	}
}

// TestProbes runs the probes on the built-in components, which lock no more
// than they must.
func TestProbes(t *testing.T) {
	for _, s := range Probes() {
		for seed := range uint64(3) {
			out := harness.Execute(s, harness.Config{Seed: seed})
			for _, v := range out.Violations {
				t.Errorf("%s: seed %d: %+v\n%s", s.Name, seed, v, v.Stack)
			}
		}
	}
}

func checkHistories(t *testing.T, seed uint64, out protocol.Outcome) {
	t.Helper()
	for _, h := range out.Histories {
		began := time.Now()
		if verdict, why := history.Check(h, time.Minute); verdict != history.Ok {
			t.Fatalf("seed %d (%s): %v\n%s", seed, out.Parameters, verdict, why)
		}
		if ok, decided := model.Linearizable(h, 1e6); !ok {
			t.Fatalf("seed %d: porcupine says ok, the search of package model says %t, decided %t", seed, ok, decided)
		}
		if d := time.Since(began); d > 100*time.Millisecond {
			t.Logf("seed %d: checking %d operations took %v", seed, len(h.Ops), d)
		}
	}
}

func BenchmarkScenario(b *testing.B) {
	for _, s := range All() {
		b.Run(s.Name, func(b *testing.B) {
			seed := uint64(0)
			for b.Loop() {
				harness.Execute(s, harness.Config{Seed: seed})
				seed++
			}
		})
	}
}
