package judge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"racebench/internal/build"
	"racebench/internal/candidate"
	"racebench/internal/kit/baseline"
	"racebench/internal/result"
	"racebench/internal/runner"
	"racebench/internal/runner/isolate"
)

// WorkerArg is the first argument by which racebench is told to be a worker of
// the built-in components itself. It is how it works without a Go toolchain.
const WorkerArg = "__worker"

// tools is what the machine offers and what was built with it.
type tools struct {
	builder *build.Builder // nil without a toolchain
	// self is this executable, which is the launcher, too.
	self string
	// plain and race are the candidate's workers for the hammer; race is nil
	// where there is none. canaryPlain and canaryRace are the same variants of
	// the built-in components, in which no candidate ever was.
	plain, canaryPlain runner.Binary
	race, canaryRace   *runner.Binary
	// timed and baseline are built without noise points: for the measurement, and
	// for the iterations that nothing is to slow down.
	timed, baseline runner.Binary
}

// detect finds out what the machine offers, and records what is missing.
func (j *judgement) detect(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("racebench does not find itself: %w", err)
	}
	j.tools.self = self
	tc, err := build.Detect(ctx)
	if ctx.Err() != nil {
		return ctx.Err() // whether there is a toolchain was not found out
	}
	missing := ""
	switch {
	case errors.Is(err, build.ErrNoToolchain):
		missing = err.Error()
		tc.RaceMissing, tc.LeakMissing = "it needs a Go toolchain", "it needs a Go toolchain"
	case err != nil:
		return err
	default:
		j.tools.builder, err = build.NewBuilder(tc, build.Options{Report: func(s string) {
			j.progress(Progress{Phase: "build", Message: s, Notable: true})
		}})
		if err != nil {
			return err
		}
	}
	race, raceMissing := tc.Race, tc.RaceMissing
	if race && j.Race == RaceOff {
		race, raceMissing = false, "switched off by --race=off"
	}
	if j.Race == RaceOn && !race {
		return fmt.Errorf("--race=on, but the race detector is missing: %s", raceMissing)
	}
	capability := func(name string, there bool, detail string) {
		if there {
			detail = ""
		}
		j.res.Capabilities = append(j.res.Capabilities, result.Capability{
			Name: name, Available: there, Required: j.Score && name != result.LeakProfile,
			Waived: slices.Contains(j.Without, name), Detail: detail,
		})
	}
	capability(result.Toolchain, missing == "", missing)
	capability(result.RaceDetector, race, raceMissing)
	capability(result.LeakProfile, tc.Leak, tc.LeakMissing)
	schedules, schedulesMissing := j.exploreSupport()
	capability(result.ScheduleSearch, schedules, schedulesMissing)
	if j.Explore && !schedules {
		return fmt.Errorf("controlled schedules: %s", schedulesMissing)
	}
	if missing != "" && !j.Candidate.Builtin {
		return fmt.Errorf("a candidate cannot be built: %s", missing)
	}
	return nil
}

func (j *judgement) has(capability string) bool {
	return slices.ContainsFunc(j.res.Capabilities, func(c result.Capability) bool { return c.Name == capability && c.Available })
}

// build makes the workers that are needed from the beginning.
func (j *judgement) build(ctx context.Context) error {
	if j.tools.builder == nil {
		j.tools.plain = runner.Binary{Path: j.tools.self, Args: []string{WorkerArg}}
		j.tools.canaryPlain = j.tools.plain
		j.res.Limits = append(j.res.Limits, "without a Go toolchain, racebench runs itself as the worker: no race detector, no leak profile, no noise points")
		return nil
	}
	started := time.Now()
	defer func() { j.res.BuildTime = time.Since(started) }()
	j.progress(Progress{Phase: "build"})

	hammer := j.variant(false)
	builtin := candidate.Builtin().Sources
	orders := []order{
		{j.Candidate.Sources, hammer, func(b runner.Binary) { j.tools.plain = b }, true},
		{builtin, hammer, func(b runner.Binary) { j.tools.canaryPlain = b }, false},
	}
	if j.has(result.RaceDetector) {
		if j.Enough == nil {
			orders = append(orders, j.raceOrder())
		}
		if j.Canary == nil {
			orders = append(orders, order{builtin, j.variant(true), func(b runner.Binary) { j.tools.canaryRace = &b }, false})
		}
	}
	if j.Score && !j.SkipTiming {
		timed := j.timedOrder()
		orders = append(orders, timed, order{baseline.Sources(), timed.variant, func(b runner.Binary) { j.tools.baseline = b }, false})
	}
	return j.make(ctx, orders)
}

// variant is how the hammer's workers are built.
func (j *judgement) variant(race bool) build.Variant {
	return build.Variant{Noise: !j.WithoutNoise, Leak: j.has(result.LeakProfile), Race: race}
}

// order is a worker to be built.
type order struct {
	sources map[string][]byte
	variant build.Variant
	into    func(runner.Binary)
	// judged: the sources are the candidate's, and so are their mistakes.
	judged bool
}

func (j *judgement) raceOrder() order {
	return order{j.Candidate.Sources, j.variant(true), func(b runner.Binary) { j.tools.race = &b }, true}
}

// timedOrder is the candidate's worker without noise points. The leak profile
// costs nothing where nobody asks for it, and one standard library less is to be
// compiled.
func (j *judgement) timedOrder() order {
	return order{j.Candidate.Sources, build.Variant{Leak: j.has(result.LeakProfile)}, func(b runner.Binary) { j.tools.timed = b }, true}
}

// buildRace makes the candidate's worker with the race detector, where there is
// one and it was put off.
func (j *judgement) buildRace(ctx context.Context) error {
	if j.tools.race != nil || !j.has(result.RaceDetector) {
		return nil
	}
	return j.make(ctx, []order{j.raceOrder()})
}

// make builds what is ordered. A compile error is the candidate's own fault,
// and is recorded as such.
func (j *judgement) make(ctx context.Context, orders []order) error {
	errs := make([]error, len(orders))
	binaries := make([]build.Binary, len(orders))
	var wg sync.WaitGroup
	building, stop := context.WithCancel(ctx)
	defer stop()
	slots := make(chan struct{}, max(1, min(2, j.Parallel)))
	for i, o := range orders {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if building.Err() != nil {
				return
			}
			binaries[i], errs[i] = j.tools.builder.Worker(building, o.sources, o.variant)
			if compile := (*build.CompileError)(nil); errors.As(errs[i], &compile) && o.judged {
				stop() // the other variants would say the same
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil
	}
	for i, err := range errs {
		if compile := (*build.CompileError)(nil); errors.As(err, &compile) && orders[i].judged {
			j.res.Findings = append(j.res.Findings, compile.Finding())
			j.res.Candidate.Unjudgeable = compile.Error()
			return nil
		}
	}
	for i, err := range errs {
		if err != nil {
			return err
		}
		orders[i].into(runner.Binary{Path: binaries[i].Path, Race: binaries[i].Race})
	}
	return nil
}

// launcher is the command that isolates a worker.
func (j *judgement) launcher() []string { return []string{j.tools.self, isolate.Arg} }
