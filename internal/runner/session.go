package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"racebench/internal/protocol"
	"racebench/internal/result"
)

// Session keeps one worker for requests that are made one at a time. Its
// methods must not be called concurrently.
type Session struct {
	o *Options
	b Binary
	p *process
}

// WorkerError says that a worker did not do what it was asked for through the
// fault of the code in it.
type WorkerError struct {
	Finding result.Finding
}

// Error returns the finding's message.
func (e *WorkerError) Error() string { return e.Finding.Message }

// NewSession prepares a session with workers of one binary; of the options it
// uses those that are about the worker. The worker is started with the first
// request, and again after it was lost.
func NewSession(options Options, b Binary) *Session {
	return &Session{o: options.withDefaults(), b: b}
}

// Close ends the worker.
func (s *Session) Close() {
	if s.p != nil {
		s.p.close()
		s.p = nil
	}
}

// Bench has the worker execute a workload and returns how long that took as
// seen from here, from the request to the answer. An error is a *WorkerError
// where the candidate is to blame.
func (s *Session) Bench(ctx context.Context, q protocol.Bench) (time.Duration, error) {
	component, _, _ := strings.Cut(q.Workload, "/")
	sc := Scenario{Name: q.Workload, Component: result.Component(component)}
	if s.p == nil {
		p, obs := s.o.ready(ctx, sc, s.b)
		if p == nil {
			return 0, s.failure(ctx, *obs)
		}
		s.p = p
	}
	p := s.p
	elapsed, obs := p.bench(ctx, s.o, sc, q)
	if obs != nil {
		err := s.failure(ctx, *obs)
		s.Close()
		return 0, err
	}
	return elapsed, nil
}

func (s *Session) failure(ctx context.Context, obs observation) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case len(obs.findings) > 0:
		f := obs.findings[0]
		f.Origin = result.FromMeasurement
		f.ID = Identity(f)
		return &WorkerError{Finding: f}
	}
	return errors.New("runner: " + obs.trouble)
}

func (p *process) bench(ctx context.Context, o *Options, sc Scenario, q protocol.Bench) (time.Duration, *observation) {
	limit := time.NewTimer(patience * o.Timeout)
	defer limit.Stop()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	began := time.Now()
	id, err := p.send(protocol.Request{Bench: &q})
	var elapsed time.Duration // once the work is done, and checked
	for err == nil {
		var obs observation
		select {
		case r, ok := <-p.replies:
			took := time.Since(began)
			switch {
			case !ok:
				obs = p.ended(o, sc)
			case r.err != nil:
				obs = p.forged(sc, r.err)
			case r.ID == id && r.Bench != nil && r.Bench.Unknown:
				obs = observation{ending: failed, trouble: fmt.Sprintf("the worker has no workload %q", q.Workload)}
			case r.ID == id && elapsed == 0 && r.Bench != nil && r.Bench.Operations == q.Operations:
				elapsed = took
				id, err = p.send(protocol.Request{BenchCheck: true})
				continue
			case r.ID != id || elapsed == 0 || r.Checked == nil:
				obs = p.forged(sc, errors.New("a reply that nobody asked for"))
			case r.Checked.Violation != nil:
				obs = observation{findings: []result.Finding{violationFinding(sc, *r.Checked.Violation, "")}}
			default:
				return elapsed, nil
			}
		case <-ctx.Done():
			obs = observation{ending: interrupted}
		case <-limit.C:
			obs = p.unresponsive(sc, true)
			// The time alone is no evidence; those who wait are.
			if f := &obs.findings[0]; f.Kind == result.Livelock {
				f.Kind = result.Slow
			}
			obs.findings[0].Message = fmt.Sprintf("the workload did not end in %v", patience*o.Timeout)
		case <-look.C:
			p.guardMemory(o)
			continue
		}
		return 0, &obs
	}
	obs := p.ended(o, sc)
	return 0, &obs
}
