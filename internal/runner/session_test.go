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
