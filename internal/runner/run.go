package runner

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"racebench/internal/result"
	"racebench/internal/runner/isolate"
	"racebench/internal/runner/stacks"
)

// Run hammers the scenarios as the options say. The error says that racebench
// could not begin; what fails later is in the evidence's trouble. When ctx
// ends, the evidence is what there was until then.
func Run(ctx context.Context, options Options) (*Evidence, error) {
	o := options.withDefaults()
	if len(o.Scenarios) == 0 {
		return nil, errors.New("runner: no scenarios")
	}
	if o.RaceMode == RaceAll && o.Race == nil {
		return nil, errors.New("runner: no worker with the race detector")
	}
	began := time.Now()
	r := newRun(ctx, o)
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	r.cancel = cancel
	if o.Duration > 0 {
		timer := time.AfterFunc(o.Duration, func() { r.stop(fmt.Sprintf("the time bound of %v was reached", o.Duration)) })
		defer timer.Stop()
	}
	var lanes sync.WaitGroup
	for range min(o.Parallel, max(o.Iterations, 1)) {
		lanes.Go(func() {
			l := newLane(r)
			defer l.close()
			l.work(inner)
		})
	}
	lanes.Wait()
	e := r.evidence()
	e.Elapsed = time.Since(began)
	return e, nil
}

// newRun is a run that nothing ends before ctx does, until it is given another
// cancel.
func newRun(ctx context.Context, o *Options) *run {
	return &run{
		o: o, parent: ctx, cancel: func() {},
		totals: make(map[string]*result.ScenarioTotals), findings: make(map[string]*result.Finding),
		hangs: make(map[string]map[string]int), skip: make(map[string]bool),
		bare: sync.OnceValues(func() (Binary, error) { return o.Bare(ctx) }),
	}
}

// run is the state that the lanes share.
type run struct {
	o      *Options
	parent context.Context
	cancel context.CancelFunc
	// bare is the options' Bare, asked once.
	bare func() (Binary, error)
	// alone is held for reading while a scenario runs beside others, and for
	// writing by one that needs the machine for itself.
	alone sync.RWMutex

	mu         sync.Mutex // guards what follows
	next       int
	stopped    string
	iterations []result.Iteration
	totals     map[string]*result.ScenarioTotals
	findings   map[string]*result.Finding
	measures   []isolate.Measure
	trouble    []string
	hangs      map[string]map[string]int
	skip       map[string]bool
	// stillborn counts the workers that ended before they were ready.
	stillborn int
}

// stop ends the run early.
func (r *run) stop(why string) {
	r.mu.Lock()
	if r.stopped == "" {
		r.stopped = why
	}
	r.mu.Unlock()
	r.cancel()
}

// take returns the next iteration's number.
func (r *run) take() (int, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next >= r.o.Iterations {
		return 0, false
	}
	r.next++
	return r.next - 1, true
}

// variant is how the worker of an iteration is built.
type variant int

const (
	noisy variant = iota // with noise points
	raced                // with noise points and the race detector
	bare                 // with neither
)

// variant says in which worker an iteration runs.
func (o *Options) variant(i int) variant {
	half := o.RaceMode == RaceHalf && o.Race != nil
	n := i // among those without the race detector
	if half {
		n = i / 2
	}
	switch {
	case o.RaceMode == RaceAll, half && i%2 == 1:
		return raced
	case o.Bare != nil && n%bareEvery == bareEvery-1:
		return bare
	}
	return noisy
}

// variantOf is the variant that an iteration ran in.
func variantOf(it result.Iteration) variant {
	switch {
	case it.Race:
		return raced
	case it.Bare:
		return bare
	}
	return noisy
}

// lane runs one iteration after another, with a worker of its own of each
// variant.
type lane struct {
	run     *run
	workers map[variant]*process
	ages    map[variant]int
	// spent: the worker with the race detector has reported a race, and will not
	// report it again.
	spent bool
}

func newLane(r *run) *lane {
	return &lane{run: r, workers: make(map[variant]*process), ages: make(map[variant]int)}
}

func (l *lane) close() {
	for _, p := range l.workers {
		p.close()
	}
}

func (l *lane) retire(v variant) {
	if p := l.workers[v]; p != nil {
		p.close()
		delete(l.workers, v)
	}
}

// worker returns the lane's worker, started if need be.
func (l *lane) worker(ctx context.Context, sc Scenario, v variant) (*process, *observation) {
	if p := l.workers[v]; p != nil {
		return p, nil
	}
	b := l.run.o.Plain
	switch v {
	case raced:
		b = *l.run.o.Race
	case bare:
		var err error
		switch b, err = l.run.bare(); {
		case ctx.Err() != nil:
			return nil, &observation{ending: interrupted}
		case err != nil:
			return nil, &observation{ending: failed, trouble: err.Error()}
		}
	}
	p, obs := l.run.o.ready(ctx, sc, b)
	if p == nil && obs.ending != interrupted {
		l.run.mu.Lock()
		l.run.stillborn++
		// What ended can be an accident, and takes no time to see again; what does
		// not end takes long.
		most := maxHangs
		if obs.ending == hung {
			most = 1
		}
		giveUp := l.run.stillborn >= most
		l.run.mu.Unlock()
		switch {
		case giveUp && obs.ending == hung:
			defer l.run.stop("a worker did not become ready")
		case giveUp:
			defer l.run.stop(fmt.Sprintf("%d workers ended before they were ready", maxHangs))
		}
	}
	if p != nil {
		l.workers[v] = p
		l.run.mu.Lock()
		if l.run.measures == nil {
			l.run.measures = p.measures
		}
		l.run.mu.Unlock()
	}
	return p, obs
}

// ready starts a worker and waits for it. The observation, if there is no
// worker, says why.
func (o *Options) ready(ctx context.Context, sc Scenario, b Binary) (*process, *observation) {
	p, err := start(o, b)
	if err != nil {
		return nil, &observation{ending: failed, trouble: err.Error()}
	}
	err = p.hello(ctx, o)
	var obs observation
	switch {
	case err == nil:
		return p, nil
	case ctx.Err() != nil:
		obs = observation{ending: interrupted}
	case errors.Is(err, errForged):
		obs = p.forged(sc, err)
	case errors.Is(err, errSilent):
		var goroutines []stacks.Goroutine
		obs, goroutines = p.interrogate(sc)
		// Nothing but the initialisation of packages happens before a worker is
		// ready. One that worked all the time is at it still, and so is one that
		// waits there; one that was given no processor is not to blame.
		used := p.state.UserTime() + p.state.SystemTime()
		waits := slices.ContainsFunc(goroutines, func(g stacks.Goroutine) bool { return g.ID == 1 && g.Judged() && !g.Running() })
		if used < startPatience/10 && !waits {
			obs = observation{ending: failed, trouble: fmt.Sprintf("a worker did not become ready in %v", startPatience)}
		} else {
			obs.findings[0].Message = "the initialisation of a package does not end"
		}
	default:
		obs = p.ended(o, sc)
	}
	p.close()
	return nil, &obs
}

func (l *lane) work(ctx context.Context) {
	for ctx.Err() == nil {
		i, ok := l.run.take()
		if !ok {
			return
		}
		l.iterate(ctx, i)
	}
}

// iterate runs the whole suite once with one seed.
func (l *lane) iterate(ctx context.Context, i int) {
	r, o := l.run, l.run.o
	v := o.variant(i)
	it := result.Iteration{Index: i, Seed: IterationSeed(o.Seed, i), Race: v == raced, Bare: v == bare, Passed: true, Complete: true}
	began := time.Now()
	for _, sc := range o.Scenarios {
		if ctx.Err() != nil {
			it.Complete = false
			break
		}
		if r.skipped(sc.Name) {
			it.Skipped = append(it.Skipped, sc.Name)
			it.Passed, it.Complete = false, false
			continue
		}
		obs := l.scenario(ctx, sc, it)
		if obs.ending == interrupted {
			it.Complete = false
			break
		}
		r.record(sc, &it, obs)
		if obs.ending == failed {
			r.stop("racebench could not go on: " + obs.trouble)
		}
	}
	it.Passed = it.Passed && it.Complete
	it.Elapsed = time.Since(began)
	// What a candidate finds out once in a process, such as how fast it runs, it
	// shall find out as often as possible where nothing slows it down.
	if l.ages[v]++; l.ages[v] >= retireAfter || v == bare || v == raced && l.spent {
		l.retire(v)
		l.ages[v], l.spent = 0, false
	}
	r.finish(it, ctx.Err() == nil || it.Complete)
}

// scenario runs one scenario once, and once more alone if it exceeds its
// deadline.
func (l *lane) scenario(ctx context.Context, sc Scenario, it result.Iteration) observation {
	o := l.run.o
	seed, v := ScenarioSeed(it.Seed, sc.Name), variantOf(it)
	var obs observation
	for attempt := range 2 {
		l.run.alone.RLock()
		p, failure := l.worker(ctx, sc, v)
		if p == nil {
			l.run.alone.RUnlock()
			obs = *failure
		} else {
			obs = p.execute(ctx, o, sc, seed, o.Timeout, false)
			l.run.alone.RUnlock()
			obs = l.settle(v, obs)
		}
		// A kill from outside can be an accident once.
		if obs.ending != failed || attempt > 0 {
			break
		}
	}
	if obs.ending == overtime {
		again := l.repeat(ctx, sc, seed, v, obs.where)
		again.findings = append(again.findings, obs.findings...)
		obs = again
	}
	l.check(ctx, sc, &obs)
	return obs
}

// settle replaces a worker that must not go on.
func (l *lane) settle(v variant, obs observation) observation {
	if v == raced && slices.ContainsFunc(obs.findings, func(f result.Finding) bool { return f.Kind == result.DataRace }) {
		l.spent = true
	}
	if obs.usedUp {
		l.retire(v)
	}
	return obs
}

// repeat runs a scenario with the machine for itself and more time. where is
// what it was at when its deadline passed.
func (l *lane) repeat(ctx context.Context, sc Scenario, seed uint64, v variant, where []stacks.Goroutine) observation {
	l.run.alone.Lock()
	defer l.run.alone.Unlock()
	o := l.run.o
	p, failure := l.worker(ctx, sc, v)
	if p == nil {
		return *failure
	}
	obs := p.execute(ctx, o, sc, seed, patience*o.Timeout, true)
	if obs.ending == completed {
		obs.findings = append(obs.findings, slowFinding(sc, fmt.Sprintf("not done after %v; alone, it took %v", o.Timeout, obs.elapsed.Round(time.Millisecond)), where))
	}
	return l.settle(v, obs)
}

// skipped reports whether a scenario has hung often enough.
func (r *run) skipped(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.skip[name]
}

// spares are the kinds that do not make an iteration fail: the deadlock
// category and the measurements are about them (docs/rubric.md).
func spares(k result.Kind) bool {
	return k == result.GoroutineLeak || k == result.Slow
}

// record adds what one scenario showed in one iteration.
func (r *run) record(sc Scenario, it *result.Iteration, obs observation) {
	o := r.o
	var decisive bool
	r.mu.Lock()
	t := r.totals[sc.Name]
	if t == nil {
		t = &result.ScenarioTotals{Name: sc.Name, Component: sc.Component}
		r.totals[sc.Name] = t
	}
	t.Runs++
	t.Elapsed += obs.elapsed
	t.Operations += obs.outcome.Operations
	t.Undecided += obs.undecided
	if obs.trouble != "" && !slices.Contains(r.trouble, obs.trouble) {
		r.trouble = append(r.trouble, obs.trouble)
	}
	if obs.ending != completed {
		t.Incomplete++
		it.Complete = false
	}
	bad := obs.ending != completed
	for _, f := range obs.findings {
		bad = bad || !spares(f.Kind)
		f.Iterations = []int{it.Index}
		f.ID = Identity(f)
		if known := r.findings[f.ID]; known != nil {
			if !slices.Contains(known.Iterations, it.Index) {
				known.Iterations = append(known.Iterations, it.Index)
			}
			continue
		}
		f.Repro.Seed = it.Seed
		if o.Repro != nil {
			f.Repro.Command = o.Repro(f, *it)
		}
		r.findings[f.ID] = &f
		decisive = decisive || o.Decisive != nil && o.Decisive(f)
	}
	if bad {
		t.Failures++
		it.Passed = false
		it.Failed = append(it.Failed, sc.Name)
	}
	if obs.ending == hung {
		if r.hangs[sc.Name] == nil {
			r.hangs[sc.Name] = make(map[string]int)
		}
		if r.hangs[sc.Name][obs.signature]++; r.hangs[sc.Name][obs.signature] >= maxHangs {
			r.skip[sc.Name] = true
		}
	}
	r.mu.Unlock()
	if decisive {
		r.stop(result.Decisive)
	}
}

// finish records an iteration. One that was cut short by the end of the run is
// kept only if it found something.
func (r *run) finish(it result.Iteration, whole bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !whole && len(it.Failed) == 0 {
		return
	}
	r.iterations = append(r.iterations, it)
	if r.o.Progress == nil {
		return
	}
	e := Event{Iteration: it, Done: len(r.iterations), Total: r.o.Iterations, Findings: len(r.findings)}
	for _, other := range r.iterations {
		if other.Passed {
			e.Passed++
		}
	}
	r.o.Progress(e)
}

func (r *run) evidence() *Evidence {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := &Evidence{
		Iterations: r.iterations, Stopped: r.stopped, Interrupted: r.parent.Err() != nil, Trouble: r.trouble,
		Protections: protections(r.measures, r.o),
	}
	slices.SortFunc(e.Iterations, func(a, b result.Iteration) int { return a.Index - b.Index })
	for _, sc := range r.o.Scenarios {
		if t := r.totals[sc.Name]; t != nil {
			e.Scenarios = append(e.Scenarios, *t)
		}
		if r.skip[sc.Name] {
			e.Limits = append(e.Limits, fmt.Sprintf("%s hung %d times with the same blocked stacks and was not run again; the iterations without it do not count as passed", sc.Name, maxHangs))
		}
		if t := r.totals[sc.Name]; t != nil && t.Undecided > 0 {
			e.Limits = append(e.Limits, fmt.Sprintf("%s: %d histories could not be decided in time", sc.Name, t.Undecided))
		}
	}
	for _, f := range r.findings {
		slices.Sort(f.Iterations)
		e.Findings = append(e.Findings, *f)
	}
	sortFindings(e.Findings)
	return e
}

func sortFindings(list []result.Finding) {
	slices.SortFunc(list, func(a, b result.Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(result.Components(), a.Component), slices.Index(result.Components(), b.Component)),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Scenario, b.Scenario), cmp.Compare(a.ID, b.ID),
		)
	})
}

// Identity is the ID of a finding. It is the same for the same defect: it leaves
// out what differs from run to run.
func Identity(f result.Finding) string {
	var b strings.Builder
	scenario := f.Scenario
	if f.Kind == result.DataRace {
		// The two places say it all, whichever scenario led there.
		scenario = ""
	}
	fmt.Fprintf(&b, "%s|%s|%s|%s", f.Kind, f.Component, scenario, f.Rule)
	places := make([]string, len(f.Positions))
	for i, p := range f.Positions {
		places[i] = fmt.Sprintf("|%s:%d", p.File, p.Line)
	}
	// Which of two accesses was caught first is chance.
	slices.Sort(places)
	b.WriteString(strings.Join(places, ""))
	fmt.Fprintf(&b, "|%s", template(f.Message))
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:6])
}

// protections says what stood between the workers and the machine.
func protections(measures []isolate.Measure, o *Options) []result.Protection {
	if measures == nil {
		return nil
	}
	list := []result.Protection{
		{Name: "own environment and temporary folder", InForce: true},
		{Name: "capped output", InForce: true},
	}
	_, watched := usage(self)
	list = append(list, result.Protection{
		Name: "memory watched", InForce: watched, Detail: fmt.Sprintf("%d MiB for each worker", o.Memory>>20),
	})
	for _, m := range measures {
		list = append(list, result.Protection(m))
	}
	return list
}
