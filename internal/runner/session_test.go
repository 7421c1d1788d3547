package runner

import (
	"context"
	"errors"
	"testing"
	"time"

	"racebench/internal/protocol"
	"racebench/internal/scenarios"
)

func TestBench(t *testing.T) {
	s := NewSession(Options{Launcher: launcher(t), TempDir: t.TempDir()}, plain(t))
	defer s.Close()
	for _, w := range scenarios.Workloads() {
		elapsed, err := s.Bench(context.Background(), protocol.Bench{Workload: w.Name, Operations: 10, Spin: 1})
		if err != nil || elapsed <= 0 {
			t.Errorf("%s: %v, %v", w.Name, elapsed, err)
		}
	}
	var theirs *WorkerError
	if _, err := s.Bench(context.Background(), protocol.Bench{Workload: "no-such", Operations: 1}); err == nil || errors.As(err, &theirs) {
		t.Errorf("an unknown workload: %v, want an error of our own", err)
	}
	// A worker that was lost is replaced.
	w := scenarios.Workloads()[0]
	if _, err := s.Bench(context.Background(), protocol.Bench{Workload: w.Name, Operations: 10}); err != nil {
		t.Error(err)
	}
}

// TestIdle: who works on after the last workload takes the processors of whatever
// is measured next; who has nothing to do is left in peace.
func TestIdle(t *testing.T) {
	for _, c := range []struct {
		args []string
		busy bool
	}{{nil, false}, {[]string{"burn"}, true}} {
		b := plain(t)
		b.Args = c.args
		s := NewSession(Options{Launcher: launcher(t), TempDir: t.TempDir()}, b)
		defer s.Close()
		w := scenarios.Workloads()[0]
		for range 2 {
			if _, err := s.Bench(context.Background(), protocol.Bench{Workload: w.Name, Operations: 1000, Spin: 1}); err != nil {
				t.Fatal(err)
			}
			before, _ := usage(s.p.pid)
			time.Sleep(100 * time.Millisecond)
			if after, _ := usage(s.p.pid); after.cpu-before.cpu > 20*time.Millisecond {
				t.Errorf("%q: used %v between two workloads", c.args, after.cpu-before.cpu)
			}
		}
		err := s.Idle(context.Background(), "")
		var theirs *WorkerError
		if busy := errors.As(err, &theirs); busy != c.busy || err != nil && !busy {
			t.Errorf("%q: %v, want a finding: %v", c.args, err, c.busy)
		}
	}
}

func TestBenchEnds(t *testing.T) {
	w := scenarios.Workloads()[0]
	endless := protocol.Bench{Workload: w.Name, Operations: 1 << 40}
	t.Run("by itself", func(t *testing.T) {
		s := NewSession(Options{Launcher: launcher(t), Timeout: 100 * time.Millisecond}, plain(t))
		defer s.Close()
		var theirs *WorkerError
		if _, err := s.Bench(context.Background(), endless); !errors.As(err, &theirs) {
			t.Errorf("%v, want a finding", err)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		s := NewSession(Options{Launcher: launcher(t)}, plain(t))
		defer s.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if _, err := s.Bench(ctx, endless); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the context's error", err)
		}
	})
}
