package judge

import (
	"context"
	"slices"

	"racebench/internal/result"
	"racebench/internal/runner"
	"racebench/internal/scenarios"
	"racebench/internal/scenarios/harness"
)

// runnerOptions are what every use of the runner has in common.
func (j *judgement) runnerOptions() runner.Options {
	return runner.Options{
		Launcher: j.launcher(),
		Plain:    j.tools.plain,
		Race:     j.tools.race,
		Seed:     j.Seed,
		Timeout:  j.Timeout,
		Parallel: j.Parallel,
		Sources:  j.Candidate.Sources,
		Repro: func(f result.Finding, it result.Iteration) string {
			return reproCommand(j.Candidate.Dir, f.Scenario, it, j.WithoutNoise)
		},
		Without: j.Blind.Detectors,
	}
}

// selected are the scenarios that were asked for.
func (j *judgement) selected() []harness.Scenario {
	return slices.DeleteFunc(j.judged(scenarios.All()), func(s harness.Scenario) bool {
		return j.Scenarios != nil && !slices.Contains(j.Scenarios, s.Name)
	})
}

func named(s harness.Scenario) runner.Scenario {
	return runner.Scenario{Name: s.Name, Component: result.Component(s.Component)}
}

// hammerOptions are runnerOptions for the scenario suite.
func (j *judgement) hammerOptions() runner.Options {
	o := j.runnerOptions()
	for _, s := range j.selected() {
		o.Scenarios = append(o.Scenarios, named(s))
	}
	o.Iterations = j.Iterations
	if j.tools.builder != nil && !j.WithoutNoise {
		o.Bare = j.bare
	}
	switch j.Race {
	case RaceOn:
		o.RaceMode = runner.RaceAll
	case RaceOff:
		o.RaceMode = runner.RaceNone
	}
	return o
}

// bare is the candidate's worker without noise points, built unless the
// measurement had it built already.
func (j *judgement) bare(ctx context.Context) (runner.Binary, error) {
	if j.tools.timed.Path != "" {
		return j.tools.timed, nil
	}
	timed := j.timedOrder()
	b, err := j.tools.builder.Worker(ctx, timed.sources, timed.variant)
	return runner.Binary{Path: b.Path}, err
}

// hammer runs the scenario suite for the number of iterations.
func (j *judgement) hammer(ctx context.Context) error {
	o := j.hammerOptions()
	o.Duration = j.Duration
	o.Decisive = j.decisive()
	o.Progress = func(e runner.Event) {
		j.progress(Progress{Phase: "hammer", Done: e.Done, Total: e.Total, Findings: e.Findings + len(j.res.Findings)})
	}
	j.progress(Progress{Phase: "hammer", Total: j.Iterations})
	e, err := runner.Run(ctx, o)
	if err != nil {
		return err
	}
	j.record(e)
	return nil
}

// glanceIterations is how often the suite is run before anything that costs more,
// where not everything is asked for.
const glanceIterations = 6

// hurry looks for what is wanted in the order of what it costs: a few iterations
// of plain workers, probes, controlled schedules, a few iterations with the race
// detector, work without noise, and then the whole suite. Of the first iterations
// nothing is kept where the whole suite is run.
func (j *judgement) hurry(ctx context.Context) error {
	var e *runner.Evidence
	glance := func(mode runner.RaceMode) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			j.progress(Progress{Phase: "glance"})
			o := j.hammerOptions()
			o.Iterations = min(glanceIterations, j.Iterations)
			o.RaceMode, o.Bare = mode, nil
			o.Decisive = j.decisive()
			e, err = runner.Run(ctx, o)
			return err
		}
	}
	looks := []func(context.Context) error{glance(runner.RaceNone), j.probe, j.explore}
	if j.has(result.RaceDetector) {
		looks = append(looks, j.buildRace, glance(j.hammerOptions().RaceMode))
	}
	for _, look := range append(looks, j.work) {
		if err := look(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil || e.Interrupted || j.Enough(slices.Concat(j.res.Findings, e.Findings)) {
			j.record(e)
			return nil
		}
	}
	return j.hammer(ctx)
}

// record takes the evidence of the hammer.
func (j *judgement) record(e *runner.Evidence) {
	j.res.Iterations = e.Iterations
	j.res.Scenarios = e.Scenarios
	j.res.Stopped = e.Stopped
	j.take(e)
}

// take adds what a run of the runner showed beside its iterations.
func (j *judgement) take(e *runner.Evidence) {
	j.res.Findings = append(j.res.Findings, e.Findings...)
	j.res.Trouble = append(j.res.Trouble, e.Trouble...)
	for _, l := range e.Limits {
		if !slices.Contains(j.res.Limits, l) {
			j.res.Limits = append(j.res.Limits, l)
		}
	}
	if len(j.res.Protections) == 0 {
		j.res.Protections = e.Protections
	}
}
