package judge

import (
	"context"
	"slices"

	"racebench/internal/result"
	"racebench/internal/runner"
	"racebench/internal/scenarios"
)

// gateRuns is how often each gate is driven, with a seed of its own each time.
const gateRuns = 3

// gate drives every component by one goroutine through its sequential model.
// What fails here is no race: nothing else is scored.
func (j *judgement) gate(ctx context.Context) error {
	j.progress(Progress{Phase: "gate"})
	o := j.runnerOptions()
	o.RaceMode = runner.RaceNone
	o.Iterations = gateRuns
	// What takes long to see again settles it at once.
	o.Decisive = func(f result.Finding) bool {
		return f.Kind == result.Hostile || f.Kind == result.ResourceLimit || f.Kind == result.Livelock
	}
	for _, s := range j.judged(scenarios.Gates()) {
		o.Scenarios = append(o.Scenarios, named(s))
	}
	o.Repro = func(result.Finding, result.Iteration) string { return scoreCommand(j.Candidate.Dir, j.Seed) }
	e, err := runner.Run(ctx, o)
	if err != nil {
		return err
	}
	for i := range e.Findings {
		attribute(&e.Findings[i], e)
	}
	for _, c := range result.Components() {
		g := result.Gate{Component: c}
		for _, s := range e.Scenarios {
			if s.Component == c && s.Undecided == 0 {
				g.Ran = s.Runs == gateRuns || s.Failures > 0
				g.Operations = int(s.Operations)
			}
		}
		g.Passed = g.Ran && !slices.ContainsFunc(e.Findings, func(f result.Finding) bool {
			return f.Component == c && f.Origin == result.FromGate
		})
		j.res.Gate = append(j.res.Gate, g)
	}
	j.take(e)
	return nil
}

// gateAndRules takes the candidate through the gate and the static rules. Who fails the
// gate by a mistake is told what the rules say all the same: they name the place.
func (j *judgement) gateAndRules(ctx context.Context) error {
	if err := j.gate(ctx); err != nil || ctx.Err() != nil || j.forfeited() {
		return err
	}
	return j.rules(ctx)
}

// attribute decides whether what the gate saw is of the gate. One goroutine
// drives a component, but a worker pool has goroutines of its own: what shows
// with some seeds and not with others is a race, as the hammer finds them, and a
// history of one client that the model does not explain is one that no order
// explains.
func attribute(f *result.Finding, e *runner.Evidence) {
	if f.Kind == result.Slow {
		return
	}
	failed := map[int]bool{}
	for _, other := range e.Findings {
		if other.Component == f.Component && other.Kind != result.Slow {
			for _, i := range other.Iterations {
				failed[i] = true
			}
		}
	}
	if f.Kind == result.Hostile || len(failed) == len(e.Iterations) {
		f.Origin = result.FromGate
		return
	}
	f.Iterations = nil
	if f.Kind == result.Behaviour {
		f.Kind = result.NotLinearizable
	}
}
