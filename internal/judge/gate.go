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
	// One difference settles it.
	o.Decisive = decisive
	for _, s := range scenarios.Gates() {
		o.Scenarios = append(o.Scenarios, named(s))
	}
	o.Repro = func(result.Finding, uint64, bool) string { return scoreCommand(j.Candidate.Dir, j.Seed) }
	e, err := runner.Run(ctx, o)
	if err != nil {
		return err
	}
	for i := range e.Findings {
		if e.Findings[i].Kind != result.Slow {
			e.Findings[i].Origin = result.FromGate
		}
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
