package judge

import (
	"cmp"
	"context"
	"errors"

	"racebench/internal/candidate"
	"racebench/internal/controlled"
	"racebench/internal/explore"
	"racebench/internal/result"
	"racebench/internal/runner"
)

// schedulesEach is the number of controlled schedules of each scenario unless
// Options say another.
const schedulesEach = 300

// exploreSupport says whether this machine and this toolchain can control the
// scheduler, and if not, why.
func (j *judgement) exploreSupport() (ok bool, why string) {
	if j.tools.builder == nil {
		return false, "it needs a Go toolchain"
	}
	tc := j.tools.builder.Toolchain()
	err := explore.Supported(tc.Root, tc.Version)
	if err == nil {
		return true, ""
	}
	return false, err.Error()
}

// controlledOptions are what candidate and canary have in common.
func (j *judgement) controlledOptions(c *candidate.Candidate) controlled.Options {
	o := controlled.Options{
		Builder:   j.tools.builder,
		Launcher:  runner.NewConfinement(j.runnerOptions()),
		Sources:   c.Sources,
		Schedules: cmp.Or(j.Schedules, schedulesEach),
		Seed:      j.Seed,
		Report:    func(s string) { j.progress(Progress{Phase: "build", Message: s, Notable: true}) },
		Repro:     func(scenario string) string { return exploreCommand(j.Candidate.Dir, scenario, j.Seed) },
	}
	for _, s := range j.selected() {
		if !s.Stress {
			o.Scenarios = append(o.Scenarios, controlled.Scenario{Name: s.Name, Component: result.Component(s.Component)})
		}
	}
	return o
}

// compile builds the candidate's plain worker, which is not run, so that a
// mistake is shown as the compiler said it.
func (j *judgement) compile(ctx context.Context) error {
	if len(j.controlledOptions(j.Candidate).Scenarios) == 0 {
		return errors.New("the scenarios named have no small version that can be explored")
	}
	return j.make(ctx, []order{{j.Candidate.Sources, j.variant(false), func(b runner.Binary) { j.tools.plain = b }, true}})
}

// explore runs the scenarios under controlled schedules: the same ones for the
// same seed, whatever the machine does.
func (j *judgement) explore(ctx context.Context) error {
	if !j.has(result.ScheduleSearch) || j.enough() {
		return nil
	}
	o := j.controlledOptions(j.Candidate)
	if len(o.Scenarios) == 0 {
		return nil
	}
	o.Progress = func(done, total int) {
		j.progress(Progress{Phase: "controlled schedules", Done: done, Total: total})
	}
	j.progress(Progress{Phase: "controlled schedules", Total: len(o.Scenarios)})
	e, err := controlled.Explore(ctx, o)
	switch {
	case ctx.Err() != nil && e != nil:
		e.Trouble = nil // what was not done any more is no trouble
	case ctx.Err() != nil:
		return nil
	case err != nil:
		j.trouble("controlled schedules", err)
		return nil
	}
	for i := range e.Findings {
		// The hammer may have found the same: each is evidence of its own.
		e.Findings[i].ID = "schedule-" + runner.Identity(e.Findings[i])
	}
	j.res.Explorations = e.Explorations
	j.take(&runner.Evidence{Findings: e.Findings, Limits: e.Limits, Trouble: e.Trouble})
	return nil
}

// exploreCanary explores planted defects in the way in which the candidate is
// explored.
func (j *judgement) exploreCanary(ctx context.Context) {
	checks, err := controlled.Canary(ctx, j.controlledOptions(candidate.Builtin()), j.Blind.Schedules)
	if err != nil && ctx.Err() == nil {
		j.trouble("canary of the controlled schedules", err)
	}
	j.res.Canary = append(j.res.Canary, checks...)
}
