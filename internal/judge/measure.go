package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"racebench/internal/kit/baseline"
	"racebench/internal/measure"
	"racebench/internal/protocol"
	"racebench/internal/result"
	"racebench/internal/runner"
	"racebench/internal/scenarios"
	"racebench/internal/scenarios/harness"
	"racebench/internal/scoring"
)

const (
	// probeRuns is how often each probe for over-locking is carried out.
	probeRuns = 2
	// suiteSample is the number of iterations from which the baseline's time
	// for the suite is extrapolated, where the candidate's asks for it.
	suiteSample = 10
)

// measure looks for over-locking and compares the candidate's speed with that
// of the textbook fix.
func (j *judgement) measure(ctx context.Context) error {
	// Points for performance are multiplied by the share of iterations that
	// passed: where none did, there is nothing to measure for.
	if !j.has(result.Toolchain) || !slices.ContainsFunc(j.res.Iterations, func(it result.Iteration) bool { return it.Passed }) {
		return nil
	}
	if j.enough() {
		return nil
	}
	if err := j.probe(ctx); err != nil || ctx.Err() != nil || j.SkipTiming {
		return err
	}
	j.progress(Progress{Phase: "measurement"})
	candidate := runner.NewSession(j.runnerOptions(), j.tools.timed)
	defer candidate.Close()
	textbook := runner.NewSession(j.runnerOptions(), j.tools.baseline)
	defer textbook.Close()
	o := measure.Options{Spin: measure.Calibrate(func(n int) { _ = harness.Spin(n) }), Seed: j.Seed, Borders: scoring.SlowdownBorders()}
	for _, w := range scenarios.Workloads() {
		if !j.judges(w.Component) {
			continue
		}
		o.Workloads = append(o.Workloads, measure.Workload{Name: w.Name, Component: result.Component(w.Component), Goroutines: w.Goroutines})
	}
	m, err := measure.Compare(ctx, candidate, textbook, o)
	if err == nil {
		if busy := candidate.Idle(ctx, ""); busy != nil {
			err = &measure.Error{Side: measure.CandidateSide, Workload: "idle", Err: busy}
		}
	}
	var side *measure.Error
	var worker *runner.WorkerError
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.As(err, &side) && side.Side == measure.CandidateSide && errors.As(err, &worker):
		// What broke under plain work is the candidate's; its speed is unknown.
		j.res.Findings = append(j.res.Findings, worker.Finding)
		m = &result.Measurement{Skipped: err.Error()}
	case err != nil:
		j.trouble("measurement", err)
		m = &result.Measurement{Skipped: err.Error()}
	}
	m.Probes = j.res.Measurement.Probes
	j.res.Measurement = m
	if err := j.suiteTime(ctx); err != nil && ctx.Err() == nil {
		j.trouble("time of the baseline", err)
	}
	return nil
}

// work has the candidate do what its speed is measured by, without noise and
// without looking at the clock, and checks the totals: who locks only where
// something slows him down is found at once. Each workload has a process of its
// own, as the iterations without noise have, and grows until it takes a while.
func (j *judgement) work(ctx context.Context) error {
	const first, factor, most, while = 1 << 10, 8, 1 << 20, 50 * time.Millisecond
	if j.tools.builder == nil || j.WithoutNoise {
		return nil
	}
	j.progress(Progress{Phase: "work without noise"})
	b, err := j.bare(ctx)
	if err != nil || ctx.Err() != nil {
		return err
	}
	session := runner.NewSession(j.runnerOptions(), b)
	defer session.Close()
	for _, w := range scenarios.Workloads() {
		if !j.judges(w.Component) {
			continue
		}
		session.Close()
		for n := first; n <= most; n *= factor {
			took, err := session.Bench(ctx, protocol.Bench{Workload: w.Name, Operations: n, Seed: j.Seed})
			var wrong *runner.WorkerError
			switch {
			case ctx.Err() != nil:
				return nil
			case errors.As(err, &wrong):
				j.res.Findings = append(j.res.Findings, wrong.Finding)
			case err != nil:
				j.trouble("work without noise", err)
			}
			if err != nil || took > while {
				break
			}
		}
	}
	return nil
}

// probe carries out the probes of L1 to L4, unless that was done. One that fails
// or does not return is over-locking. A comparison of speeds takes the place of
// what it leaves in the result.
func (j *judgement) probe(ctx context.Context) error {
	if j.res.Measurement != nil {
		return nil
	}
	j.progress(Progress{Phase: "probes for over-locking"})
	o := j.runnerOptions()
	o.RaceMode = runner.RaceNone
	o.Iterations = probeRuns
	var probes []result.Probe
	for _, s := range j.judged(scenarios.Probes()) {
		o.Scenarios = append(o.Scenarios, named(s))
		sentence := ""
		if len(s.Contract) > 0 {
			sentence = s.Contract[0]
		}
		probes = append(probes, result.Probe{Component: result.Component(s.Component), Sentence: sentence, Name: s.Name, Passed: true})
	}
	e, err := runner.Run(ctx, o)
	if err != nil || ctx.Err() != nil {
		return err
	}
	for i := range probes {
		j.res.Findings = append(j.res.Findings, overLocking(&probes[i], e.Findings)...)
	}
	j.res.Trouble = append(j.res.Trouble, e.Trouble...)
	j.res.Measurement = &result.Measurement{Skipped: "the speeds were not compared", Probes: probes}
	return nil
}

// overLocking settles a probe by what its runs showed. The first finding is what
// the over-locking looks like. Who ends the process or tampers with replies locks
// nothing: that stays what it is, and the probe has failed all the same.
func overLocking(p *result.Probe, found []result.Finding) []result.Finding {
	var kept []result.Finding
	for _, f := range found {
		if f.Scenario != p.Name || f.Kind == result.Slow {
			continue
		}
		cheat := scoring.Forfeits(f)
		if !p.Passed && !cheat {
			continue
		}
		if p.Passed {
			p.Passed = false
			p.Observed = f.Message
			if f.Observed != "" {
				p.Observed = fmt.Sprintf("%s: %s", f.Message, f.Observed)
			}
		}
		f.Origin = result.FromMeasurement
		if !cheat {
			f.Kind, f.Contract = result.OverLocking, []string{p.Sentence}
		}
		kept = append(kept, f)
	}
	return kept
}

// suiteTime records how long the iterations take. Only where that is long
// enough to cost points is the baseline's time taken for comparison.
func (j *judgement) suiteTime(ctx context.Context) error {
	m := j.res.Measurement
	m.CandidateTime = j.suite(j.res.Iterations)
	if m.CandidateTime < scoring.SlowSuite {
		return nil
	}
	j.progress(Progress{Phase: "time of the baseline"})
	o := j.hammerOptions()
	o.Iterations = suiteSample
	// The baseline goes through the very variants that the candidate went
	// through. They are built only here, where they are needed.
	b, err := j.tools.builder.Worker(ctx, baseline.Sources(), j.variant(false))
	if err != nil {
		return err
	}
	o.Plain, o.Bare = runner.Binary{Path: b.Path}, nil
	if j.has(result.RaceDetector) {
		if b, err = j.tools.builder.Worker(ctx, baseline.Sources(), j.variant(true)); err != nil {
			return err
		}
		o.Race = &runner.Binary{Path: b.Path, Race: true}
	}
	e, err := runner.Run(ctx, o)
	if err != nil {
		return err
	}
	// Without the baseline's time the candidate's costs nothing: what kept it
	// from being taken has to be known.
	j.res.Trouble = append(j.res.Trouble, e.Trouble...)
	m.BaselineTime = j.suite(e.Iterations)
	return nil
}

// suite is the time that the task's number of iterations takes at the speed of
// these: the mean of the medians with and without the race detector, so that a
// single iteration that the machine held up does not count, over the number of
// workers at once. Those without noise points are left out, since the baseline
// has none.
func (j *judgement) suite(iterations []result.Iteration) time.Duration {
	times := map[bool][]time.Duration{}
	for _, it := range iterations {
		if !it.Bare {
			times[it.Race] = append(times[it.Race], it.Elapsed)
		}
	}
	var sum time.Duration
	for _, ts := range times {
		slices.Sort(ts)
		sum += ts[len(ts)/2]
	}
	if len(times) == 0 {
		return 0
	}
	return sum / time.Duration(len(times)) * scoring.MinIterations / time.Duration(j.Parallel)
}
