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
	p.resume()
	elapsed, obs := p.bench(ctx, s.o, sc, q)
	if obs != nil {
		err := s.failure(ctx, *obs)
		s.Close()
		return 0, err
	}
	// What is measured next has the machine to itself: a component may have left
	// something behind that works on.
	p.pause()
	return elapsed, nil
}

// The processor time that a worker may use after its last workload, some of which
// is the garbage collector's; and the looks at what it is doing: how many there
// are of one that is found asleep in most of them, and of one that is not, which
// on a busy machine waits for a processor.
const (
	idleCPU    = 150 * time.Millisecond
	idleLooks  = 30
	busyLooks  = 300
	idlePeriod = 10 * time.Millisecond
)

// Idle looks whether the worker works while nothing is asked of it. That would
// take processors from whatever it is compared with. A busy machine lets it use
// less, never more.
func (s *Session) Idle(ctx context.Context, component result.Component) error {
	if s.p == nil {
		return nil
	}
	s.p.resume()
	defer s.p.pause()
	began, ok := usage(s.p.pid)
	asleep := 0
	for looks := 1; ok && looks <= busyLooks && (looks <= idleLooks || 2*asleep < looks); looks++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(idlePeriod):
		}
		var now used
		now, ok = usage(s.p.pid)
		if spent := now.cpu - began.cpu; ok && spent > idleCPU {
			f := hostile(Scenario{Component: component}, "the component keeps the processors busy while nothing is asked of it",
				fmt.Sprintf("%v of processor time after the last workload had ended", spent))
			f.Origin = result.FromMeasurement
			f.ID = Identity(f)
			return &WorkerError{Finding: f}
		}
		if sleeping(s.p.pid) {
			asleep++
		}
	}
	return nil
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
