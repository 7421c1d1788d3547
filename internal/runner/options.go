// Package runner is the judge's side of the workers: it starts them behind the
// protections of package isolate, has them run scenarios, watches, kills and
// replaces them, and turns what it sees into findings. Whatever a worker does,
// the cost is one iteration.
//
// An error of this package means that racebench could not do its work; what is
// wrong with a candidate is always a finding.
package runner

import (
	"context"
	"runtime"
	"time"

	"racebench/internal/result"
)

// Scenario names one scenario of a worker and the component that it is about.
type Scenario struct {
	Name      string
	Component result.Component
}

// RaceMode says which iterations run in a worker built with the race detector.
type RaceMode int

// The modes. Half takes the odd iterations.
const (
	RaceHalf RaceMode = iota
	RaceAll
	RaceNone
)

// Detectors names detectors to be left out. It exists for the tests of the
// canary, which has to notice each of them missing.
type Detectors struct {
	RaceLog     bool
	LeakProfile bool
	History     bool
	Dumps       bool
}

// Options is what a run depends on.
type Options struct {
	// Launcher is the command that calls isolate.Main: this executable and
	// isolate.Arg.
	Launcher []string
	// Plain is the worker without the race detector, Race the one with it, nil
	// where the machine cannot build it.
	Plain    Binary
	Race     *Binary
	RaceMode RaceMode
	// Bare, if set, returns a worker without noise points, in which some of the
	// iterations run: whoever is right only as long as something slows him
	// down is found there. It is called once, when the first of them begins.
	Bare func(context.Context) (Binary, error)

	Scenarios []Scenario
	// Iterations is how often the whole list is run, with seeds derived from
	// Seed.
	Iterations int
	Seed       uint64
	// Timeout is the deadline of one scenario in one iteration, 10s if zero. A
	// deadline decides nothing: what exceeds it is repeated alone with four
	// times as much.
	Timeout time.Duration
	// Duration bounds the whole run if positive; what was not run by then is
	// missing from the evidence, which says so.
	Duration time.Duration
	// Parallel is the number of workers that run at the same time; the number
	// of processors if zero.
	Parallel int
	// Memory bounds the memory that one worker may use, in bytes; 2 GiB if
	// zero.
	Memory uint64
	// TempDir is where workers get their folders; the system's if empty.
	TempDir string
	// Sources are the judged files by their path relative to the candidate's
	// folder, such as "cache/cache.go". They tell who holds which lock, and
	// whether the code uses timers.
	Sources map[string][]byte
	// Decisive ends the run after a finding for which it returns true, if set.
	Decisive func(result.Finding) bool
	// Repro returns the command that shows a finding of an iteration again, if
	// set.
	Repro func(f result.Finding, it result.Iteration) string
	// Progress is called after every iteration, never by two goroutines at the
	// same time, if set.
	Progress func(Event)
	// Without leaves detectors out.
	Without Detectors

	// stall and spinCPU override what the watch goes by; bare leaves the system
	// call filter out. For the canary and for tests.
	stall   time.Duration
	spinCPU time.Duration
	bare    bool
	// timers says whether the judged code may use timers; withDefaults finds out.
	timers bool
}

// Event is the state of a run after an iteration.
type Event struct {
	Iteration result.Iteration
	// Done of Total iterations have ended.
	Done, Total int
	// Passed of those passed.
	Passed int
	// Findings is the number of different findings so far.
	Findings int
}

// Evidence is what a run showed.
type Evidence struct {
	Iterations  []result.Iteration
	Scenarios   []result.ScenarioTotals
	Findings    []result.Finding
	Protections []result.Protection
	// Limits are sentences about what was not looked at.
	Limits []string
	// Stopped says why fewer iterations were run than asked for.
	Stopped     string
	Interrupted bool
	// Trouble lists failures that are not the candidate's.
	Trouble []string
	Elapsed time.Duration
}

// The defaults of Options, and constants of the watch.
const (
	defaultTimeout = 10 * time.Second
	defaultMemory  = 2 << 30
	// defaultStall is the time without an ended operation after which a worker
	// sends a dump. Nothing follows from the time.
	defaultStall = 150 * time.Millisecond
	// defaultSpinCPU is the processor time, many times that of the longest
	// operation of any scenario, within which something has to end.
	defaultSpinCPU = 3 * time.Second
	// patience multiplies the deadline for what is repeated alone.
	patience = 4
	// maxThreads bounds the threads of a worker; the runtime needs a few more
	// than it has processors.
	maxThreads = 2000
	// muchMemory is by how many bytes the memory of a worker has to grow in one
	// run for a hang's evidence to mention it. An honest run needs a few MiB.
	muchMemory = 64 << 20
	// maxHangs is how often a scenario may hang in the same way before it is
	// not run again.
	maxHangs = 5
	// bareEvery: of the iterations without the race detector, one in so many runs
	// without noise points, where there is a worker for that. Twelve of a hundred
	// are as many runs of each scenario as a defect needs that hides from noise,
	// and noise finds more of all others. They begin early, so that such a defect
	// fails about as many iterations wherever it is found first.
	bareEvery = 4
	// retireAfter is the number of iterations after which a worker is replaced,
	// so that what a candidate keeps in memory does not add up.
	retireAfter = 25
	// nudgeEvery is how often a worker that has not answered gets a request that
	// asks for nothing. Go's scheduler can lose a wake-up when GOMAXPROCS is
	// lowered (golang/go#45716 is an older case): every thread then sleeps while
	// goroutines are runnable and timers are due, until something arrives from
	// outside. Scenarios change GOMAXPROCS all the time, and with Go 1.26 that
	// happened in about one of 10 000 runs on a loaded machine.
	nudgeEvery = 300 * time.Millisecond
	// startPatience is how long a worker may take to become ready. Nothing
	// happens in that time but the initialisation of packages.
	startPatience = 30 * time.Second
	// startCPU is the processor time that it may take for that.
	startCPU = 5 * time.Second
	// exitPatience is how long the end of a worker is waited for once its
	// descriptors are closed, and theirs once it has ended.
	exitPatience = 5 * time.Second
	// startAsleep is how many looks in a row, each 25 ms after the other, find a
	// worker that is not ready asleep before it is asked what it waits for.
	startAsleep = 80
)

func (o Options) withDefaults() *Options {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Parallel <= 0 {
		o.Parallel = runtime.NumCPU()
	}
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	if o.stall == 0 {
		o.stall = defaultStall
	}
	if o.spinCPU == 0 {
		o.spinCPU = defaultSpinCPU
	}
	o.timers = timers(o.Sources)
	return &o
}

// cpuLimit bounds the processor time of one worker's life. It stops what runs
// on after the runner itself was stopped, and is far above what a life can take.
func (o *Options) cpuLimit() time.Duration {
	return max(10*time.Minute, 20*patience*o.Timeout)
}
