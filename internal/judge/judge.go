// Package judge is the pipeline: it takes a candidate through build, canary,
// gate, static rules, hammer, controlled schedules and measurement, in this order, and returns
// everything that was seen as one Result. What it means is not decided here.
package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"racebench/internal/candidate"
	"racebench/internal/result"
	"racebench/internal/runner"
	"racebench/internal/scenarios/harness"
	"racebench/internal/scoring"
)

// RaceMode says which iterations run with the race detector.
type RaceMode string

// The race modes. RaceAuto takes half of the iterations, where the machine can
// build the race detector.
const (
	RaceAuto RaceMode = "auto"
	RaceOn   RaceMode = "on"
	RaceOff  RaceMode = "off"
)

// Options say what is judged and how thoroughly.
type Options struct {
	Candidate *candidate.Candidate
	// Score asks for all that a score needs: gate, static rules, measurement.
	// Without it only the scenarios are run.
	Score bool
	// Explore asks for controlled schedules of the scenarios in place of the
	// hammer, without a score.
	Explore bool
	// Scenarios to run by name; nil runs all of them.
	Scenarios []string
	// Components to drive, measure and look for schedules of; nil is all of them.
	// A score that leaves one out is never a pass.
	Components []result.Component
	Iterations int
	Seed       uint64
	// Timeout is the deadline of one scenario in one iteration.
	Timeout time.Duration
	// Duration bounds the hammer, Budget the whole judgement; 0 is no bound.
	Duration time.Duration
	Budget   time.Duration
	// Schedules is the number of controlled schedules of each scenario; 0 is that
	// of a score.
	Schedules int
	// Parallel is the number of workers at once.
	Parallel int
	Race     RaceMode
	// WithoutNoise runs all iterations in workers without noise points. Otherwise
	// some of them do.
	WithoutNoise bool
	// Without names capabilities that the user agreed to do without.
	Without []string
	// Enough is asked whether what was found so far is all that is wanted; then
	// nothing more is looked for. Where it is set, what costs least looks first.
	// Nil looks for everything.
	Enough func([]result.Finding) bool
	// SkipTiming leaves the comparison of speeds out of the measurement; what
	// does not depend on the clock, the probes for over-locking, stays.
	SkipTiming bool
	// Canary is what an earlier judgement's canary showed with the same
	// binaries; nil has it run.
	Canary []result.CanaryCheck
	// Blind leaves detectors out. It exists for the tests of the canary, which
	// has to notice.
	Blind Blind
	// Progress is called from any goroutine with what is going on.
	Progress func(Progress)
}

// Asked are the options as a Result records them.
func (o Options) Asked() result.Asked {
	noise := "auto"
	if o.WithoutNoise {
		noise = "off"
	}
	return result.Asked{Race: string(o.Race), Noise: noise, Timeout: o.Timeout, Duration: o.Duration, Budget: o.Budget}
}

// Blind names detectors that are left out.
type Blind struct {
	runner.Detectors
	Rules     bool
	Schedules bool
}

// Progress is a moment of the judgement.
type Progress struct {
	// Phase is what is being done, such as "hammer".
	Phase string
	// Done of Total parts of the phase; Total is 0 where there are none.
	Done, Total int
	Findings    int
	Message     string
	// Notable events deserve a line of their own even where progress is only
	// reported now and then.
	Notable bool
}

// errBudget is the cause of a context that ran out of its budget.
var errBudget = errors.New("the time bound for this candidate")

// judgement is one run of the pipeline.
type judgement struct {
	Options
	res   *result.Result
	tools tools
}

// Judge runs the pipeline. The error is racebench's own and means that there is
// nothing to report; everything else is in the Result, which is partial where
// ctx was cancelled.
func Judge(ctx context.Context, opts Options) (*result.Result, error) {
	started := time.Now()
	j := &judgement{Options: opts, res: &result.Result{
		SchemaVersion: result.SchemaVersion,
		Tool:          tool(),
		Candidate:     opts.Candidate.Description(),
		Started:       started.UTC(),
		Seed:          opts.Seed,
		Requested:     opts.Iterations,
		Asked:         opts.Asked(),
	}}
	if opts.Budget > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, opts.Budget, errBudget)
		defer cancel()
	}
	err := j.run(ctx)
	switch {
	case errors.Is(context.Cause(ctx), errBudget):
		j.res.Stopped = fmt.Sprintf("%v, %s, is used up", errBudget, opts.Budget)
	case ctx.Err() != nil:
		j.res.Interrupted = true
	case err != nil:
		return nil, err
	}
	j.res.Elapsed = time.Since(started)
	j.finish()
	return j.res, nil
}

// run takes the candidate through the stages. It stops where going on would
// make no difference: at a candidate that cannot be judged, or that failed the
// gate.
func (j *judgement) run(ctx context.Context) error {
	if err := j.detect(ctx); err != nil {
		return err
	}
	j.res.Findings = append(j.res.Findings, j.Candidate.Findings...)
	if j.res.Candidate.Unjudgeable != "" {
		return nil
	}
	for _, stage := range j.stages() {
		if err := stage(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil || j.settled() {
			return nil
		}
	}
	return nil
}

// stages are what is to be done, in this order.
func (j *judgement) stages() []func(context.Context) error {
	type stages []func(context.Context) error
	switch {
	case j.Explore:
		return stages{j.compile, j.canary, j.explore}
	case !j.Score:
		return stages{j.build, j.canary, j.hammer}
	case j.Enough != nil:
		return stages{j.build, j.canary, j.gate, j.rules, j.hurry, j.measure}
	}
	return stages{j.build, j.canary, j.gateAndRules, j.hammer, j.explore, j.measure}
}

// judges reports whether a component is among those that are judged.
func (j *judgement) judges(component string) bool {
	return j.Components == nil || slices.Contains(j.Components, result.Component(component))
}

// judged keeps the scenarios of the components that are judged.
func (j *judgement) judged(list []harness.Scenario) []harness.Scenario {
	return slices.DeleteFunc(list, func(s harness.Scenario) bool { return !j.judges(s.Component) })
}

// settled reports whether nothing that follows can change the verdict: the
// candidate cannot be judged, failed the gate, or tried to cheat.
func (j *judgement) settled() bool {
	return j.res.Candidate.Unjudgeable != "" || j.Score && (j.forfeited() ||
		slices.ContainsFunc(j.res.Findings, func(f result.Finding) bool { return f.Origin == result.FromGate }))
}

// forfeited reports whether the candidate tried to cheat.
func (j *judgement) forfeited() bool { return slices.ContainsFunc(j.res.Findings, scoring.Forfeits) }

// finish gives every finding its repro and puts the findings in an order that
// does not depend on timing.
func (j *judgement) finish() {
	dir := j.Candidate.Dir
	for i := range j.res.Findings {
		f := &j.res.Findings[i]
		if f.Repro.Command == "" {
			f.Repro = result.Repro{Command: scoreCommand(dir, j.Seed), Seed: j.Seed}
		}
	}
	slices.SortStableFunc(j.res.Findings, compareFindings)
}

// enough reports whether nothing more need be looked for.
func (j *judgement) enough() bool { return j.Enough != nil && j.Enough(j.res.Findings) }

// decisive asks Enough for each further finding of a run, nil without one.
func (j *judgement) decisive() func(result.Finding) bool {
	if j.Enough == nil {
		return nil
	}
	found := slices.Clone(j.res.Findings)
	return func(f result.Finding) bool {
		found = append(found, f)
		return j.Enough(found)
	}
}

func (j *judgement) progress(p Progress) {
	if j.Progress != nil {
		p.Findings = max(p.Findings, len(j.res.Findings))
		j.Progress(p)
	}
}

// trouble records a failure of racebench's own. With one of them nothing is
// called a pass.
func (j *judgement) trouble(what string, err error) {
	j.res.Trouble = append(j.res.Trouble, fmt.Sprintf("%s: %v", what, err))
}
