// Package controlled runs the scenarios on a candidate under controlled
// schedules. Their small modes become ordinary Go tests of a generated module,
// which package explore explores: the same candidate, the same number of
// schedules and the same seed give the same findings.
package controlled

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"racebench"
	"racebench/internal/build"
	"racebench/internal/explore"
	"racebench/internal/result"
)

// Scenario is a scenario that has a small mode.
type Scenario struct {
	Name      string
	Component result.Component
}

// Options say what is explored and how.
type Options struct {
	Builder *build.Builder
	// Launcher starts the test binaries, in which the candidate's code runs,
	// behind protections.
	Launcher  explore.Launcher
	Sources   map[string][]byte
	Scenarios []Scenario
	// Schedules is the number of schedules of each scenario.
	Schedules int
	Seed      uint64
	// Repro returns the command that shows a finding of a scenario again.
	Repro func(scenario string) string
	// Report is called with a sentence about what takes long, if set.
	Report func(sentence string)
	// Progress is told how many of the scenarios have been explored, if set.
	Progress func(done, total int)
}

// Evidence is what an exploration showed.
type Evidence struct {
	// Explorations has one entry for each component that has scenarios.
	Explorations []result.Exploration
	// Findings have no ID yet.
	Findings []result.Finding
	// Limits are sentences about what was not looked at.
	Limits []string
	// Trouble lists what could not be decided.
	Trouble []string
}

const (
	// stall is the wall time after which a schedule is given up: it is in a loop
	// without a scheduling point. Schedules take less than a millisecond.
	stall = 20 * time.Second
	// virtual is the virtual time that a schedule gets where scenarios wait for
	// more than a year. Otherwise it is explore's, in which somebody who looks at the clock
	// now and then hides a deadlock for a shorter time.
	virtual = 4000 * 24 * time.Hour
	// minimise bounds the reduction of one schedule. It takes a fraction of a
	// second; the bound is for machines that are hardly running.
	minimise = 30 * time.Second
	// budget is the wall time after which what is left is given up, which makes
	// the outcome undecided. It takes some seconds.
	budget = 10 * time.Minute
)

// Explore runs every scenario under the schedules. An error is racebench's own,
// or ctx's; then the evidence is what was seen before, if there is any.
func Explore(ctx context.Context, o Options) (*Evidence, error) {
	dir, err := os.MkdirTemp("", "racebench-scenarios-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	tests := testNames(o.Scenarios)
	explored := func(list []Scenario, patient bool) (*explore.Report, error) {
		source := testSource(list, testNames(list), patient)
		limit := time.Duration(0)
		if patient {
			limit = virtual
		}
		progress := func(p explore.Progress) {
			if o.Progress != nil {
				o.Progress(max(0, slices.Index(tests, p.Test)), len(tests))
			}
		}
		return o.run(ctx, dir, map[string][]byte{testPackage + "/scenarios_test.go": source},
			explore.Config{Virtual: limit, Minimise: minimise, Progress: progress})
	}
	patient := !polls(o.Sources)
	r, err := explored(o.Scenarios, patient)
	if r == nil {
		return nil, err
	}
	if again := o.endless(r, tests); patient && err == nil && len(again) > 0 {
		var second *explore.Report
		if second, err = explored(again, false); second != nil {
			replace(r, second)
		}
	}
	return o.evidence(r, dir, tests), err
}

// run lays out the module of the candidate with the given tests in a folder and
// explores the tests' package. Of c the virtual time of a schedule, the time for
// reducing one, and the progress are the caller's.
func (o *Options) run(ctx context.Context, dir string, tests map[string][]byte, c explore.Config) (*explore.Report, error) {
	// What an earlier run left behind goes: files are named by the folder.
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := o.Builder.LayOutScenarios(dir, o.Sources, tests); err != nil {
		return nil, err
	}
	progress := c.Progress
	c.Progress = func(p explore.Progress) {
		if p.First && o.Report != nil {
			o.Report("building the scenarios for controlled schedules; the first of their kind on this machine, so the standard library is compiled as well, which takes up to a minute or two")
		}
		progress(p)
	}
	c.Dir = dir
	c.Known = &explore.Known{
		Module: racebench.Module, ImportPath: racebench.Module + "/" + testPackage, Dir: filepath.Join(dir, testPackage),
	}
	// Trimmed paths are the same wherever the module lies, which keeps the packages
	// in the build cache.
	c.Flags = []string{"-trimpath", "-buildvcs=false", "-pgo=off", "-ldflags=-s -w"}
	c.Compiler = build.Hasty
	c.Go, c.Env, c.Cache = o.Builder.Toolchain().Go, o.Builder.Environ(false), filepath.Join(o.Builder.Dir(), "explore")
	c.Launcher, c.Share = o.Launcher, true
	c.ReadOnly, c.Corpus = true, filepath.Join(dir, "corpus")
	c.Schedules, c.Seed = o.Schedules, o.Seed
	c.Stall, c.Budget = stall, budget
	r, err := explore.Run(ctx, c)
	if err != nil {
		return r, fmt.Errorf("exploration: %w", err)
	}
	return r, nil
}
