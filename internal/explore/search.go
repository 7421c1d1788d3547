package explore

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"racebench/internal/explore/engine"
	"racebench/internal/explore/minimise"
	"racebench/internal/explore/schedule"
)

// A search is an exploration in progress.
type search struct {
	config     Config
	builder    *engine.Builder
	start      time.Time
	packageEnd time.Time // zero: no limit
	testEnd    time.Time
	findings   int

	// The package being explored.
	bin     *engine.Binary
	process *engine.Process
	epoch   time.Time
}

// traceSteps is the size of a trace, in steps.
const traceSteps = 8192

func (s *search) options() engine.Options {
	c := s.config
	return engine.Options{
		Tested: s.builder.Tested, Run: c.Run, Short: c.Short, Verbose: c.Verbose, Env: c.Env,
		Bound: c.Bound, Fair: 10 * c.Bound, Epoch: s.epoch, Horizon: time.Hour, Timeout: c.Virtual,
		Slip: max(c.Slip, 0), Stall: c.Stall, Launcher: c.Launcher,
	}
}

// need starts a process if there is none.
func (s *search) need(ctx context.Context) error {
	if s.process != nil {
		return nil
	}
	p, err := engine.Start(ctx, s.bin, s.options())
	s.process = p
	return err
}

// retire ends the current process.
func (s *search) retire() {
	if s.process != nil {
		s.process.Close()
		s.process = nil
	}
}

// exploreTest explores one test. What it finds in a process that others share, and
// what then cannot be shown again in a fresh one, may depend on what they left
// behind: the test is explored anew in a process of its own.
func (s *search) exploreTest(ctx context.Context, name string) TestReport {
	shared := s.config.Share && s.process != nil
	r := s.exploreHere(ctx, name)
	unconfirmed := func(f *Finding) bool { return !f.Confirmed }
	if shared && ctx.Err() == nil && slices.ContainsFunc(r.Findings, unconfirmed) {
		s.findings -= len(r.Findings)
		s.retire()
		r = s.exploreHere(ctx, name)
	}
	return r
}

// exploreHere explores one test, at first in the present process if there is
// one.
func (s *search) exploreHere(ctx context.Context, name string) TestReport {
	t := &testSearch{search: s, known: map[string]*Finding{}, prints: map[uint64]bool{}}
	t.report = TestReport{Name: name}
	begin := time.Now()
	err := t.run(ctx)
	switch {
	case ctx.Err() != nil:
		t.report.Error = "interrupted"
	case err != nil:
		t.report.Error = err.Error()
	}
	t.report.Elapsed = time.Since(begin)
	t.report.Distinct = len(t.prints)
	return t.report
}

// A testSearch is the exploration of one test.
type testSearch struct {
	*search
	report  TestReport
	known   map[string]*Finding // by signature
	found   []*Finding          // not yet confirmed
	prints  map[uint64]bool
	limits  int
	stopped bool
	long    bool            // more steps than the bound, whatever the schedule
	ctx     context.Context // of run
}

// maxPrints bounds the memory for fingerprints.
const maxPrints = 1 << 20

func (t *testSearch) run(ctx context.Context) error {
	t.ctx = ctx
	t.progress("corpus")
	if err := t.tryCorpus(ctx); err != nil {
		return err
	}
	if len(t.report.Findings) > 0 {
		return nil // what is known fails still: mend that first
	}
	mix, err := t.config.mix()
	if err != nil {
		return err
	}
	job := engine.Job{Test: t.report.Name, Mix: mix, Seed: t.config.Seed, Default: true}
	exhaustive := mix[0].Kind == engine.Exhaustive
	var all engine.Totals
	first := true
	chunk := uint64(64)
	for job.From < uint64(t.config.Schedules) && !t.stopped {
		if !t.testEnd.IsZero() && time.Now().After(t.testEnd) {
			break
		}
		if err := t.need(ctx); err != nil {
			return err
		}
		job.Count = min(chunk, uint64(t.config.Schedules)-job.From)
		began := time.Now()
		tot, err := t.process.Explore(job, t.saw)
		if err != nil {
			t.retire()
			return err
		}
		if tot.Restarted {
			t.report.Schedules, t.report.LastNew = 0, 0
			clear(t.prints)
			all = engine.Totals{}
		}
		t.add(&all, tot)
		if tot.Retire || t.stopped {
			t.retire()
		}
		job.From, job.Default = tot.Next, false
		if !tot.Died {
			job.Path, job.Learnt, job.Length = tot.Path, tot.Learnt, tot.Length
		}
		if first && t.stopped {
			if err := t.checkRed(ctx); err != nil {
				return err
			}
		}
		first = false
		if tot.Complete || tot.Broken {
			all.Complete, all.Broken = tot.Complete, tot.Broken
			break
		}
		// Chunks of about a third of a second: progress is shown in between.
		if d := time.Since(began); d < 200*time.Millisecond {
			chunk = min(chunk*2, 4096)
		} else if d > 600*time.Millisecond {
			chunk = max(chunk/2, 8)
		}
		t.progress("explore")
	}
	if exhaustive {
		t.report.Complete = completeness(mix[0], all, t.report)
	}
	all.Budget = all.Budget || t.long
	t.report.Limits = limitTexts(t.limits, all)
	return t.settle(ctx)
}

func (t *testSearch) add(all *engine.Totals, tot engine.Totals) {
	r := &t.report
	for i, fp := range tot.Fingerprints {
		if !t.prints[fp] && len(t.prints) < maxPrints {
			t.prints[fp] = true
			r.LastNew = r.Schedules + i + 1
		}
	}
	r.Schedules += tot.Runs
	r.Steps += tot.Steps
	r.Decisions += tot.Decisions
	r.Longest = max(r.Longest, tot.Most)
	t.limits |= tot.Limits
	all.Redundant += tot.Redundant
	all.Unsure = all.Unsure || tot.Unsure
	all.Spun = all.Spun || tot.Spun
	all.Collected = all.Collected || tot.Collected
	all.Budget = all.Budget || tot.Budget
	all.Rand = all.Rand || tot.Rand
}

func (t *testSearch) progress(phase string) {
	t.config.Progress(Progress{
		Package: t.bin.Package.ImportPath, Test: t.report.Name, Schedules: t.report.Schedules, Distinct: len(t.prints),
		Findings: t.findings, Elapsed: time.Since(t.start), Phase: phase,
	})
}

// saw is told of every outcome with evidence. It reports whether the search
// goes on: only findings that do not end a schedule early, and may hide
// nothing, let it.
func (t *testSearch) saw(o *engine.Outcome) bool {
	goOn := true
	if o.Skipped && o.Index == engine.DefaultIndex && len(o.Evidence) == 0 {
		t.report.Skipped, t.stopped = true, true
		return false
	}
	for _, f := range t.judge(o) {
		if old := t.known[f.signature]; old != nil {
			continue
		}
		f.Always = o.Index == engine.DefaultIndex
		if f.Kind == Livelock && (t.long || f.Always && t.onlyLong()) {
			t.long = true
			continue
		}
		t.known[f.signature] = f
		if o.Index != engine.DefaultIndex {
			f.Index = int(o.Index) + 1
		}
		f.Strategy = o.Strategy.String()
		t.found = append(t.found, f)
		t.findings++
		if t.report.First == 0 {
			t.report.First = max(f.Index, 1)
		}
		if !f.Potential && !(f.Kind == Leak && f.Always) {
			goOn = false
		}
	}
	if o.Has(engine.Hang) {
		which := "the default schedule"
		if o.Index != engine.DefaultIndex {
			which = fmt.Sprintf("schedule %d", o.Index+1)
		}
		t.report.Error = fmt.Sprintf("%s took more than %v of real time and was given up", which, t.config.Stall)
		goOn = false
	}
	t.stopped = t.stopped || !goOn
	return goOn
}

// checkRed runs the test without any control if its default schedule fails: a
// test that is red anyway says nothing about schedules.
func (t *testSearch) checkRed(ctx context.Context) error {
	if t.config.Launcher != nil {
		return nil // what may only run behind a launcher is not run without control
	}
	red := false
	for _, f := range t.found {
		switch f.Kind {
		case Invariant, Panic, Fatal, Exit, Deadlock:
			red = red || f.Always
		}
	}
	if !red {
		return nil
	}
	if out, err := t.plainRun(ctx); err != nil {
		t.report.Red = strings.TrimSpace(lastLines(string(out), 20))
	}
	return nil
}

// plainRun runs the test once without any control.
func (t *testSearch) plainRun(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	args := []string{"-test.run=^" + regexp.QuoteMeta(t.report.Name) + "$", "-test.timeout=20s", "-test.count=1", "-test.paniconexit0"}
	if t.config.Short {
		args = append(args, "-test.short")
	}
	cmd := exec.CommandContext(ctx, t.bin.Path, args...)
	cmd.Dir = t.bin.Dir
	cmd.Env = append(os.Environ(), t.config.Env...)
	cmd.WaitDelay = time.Second
	return cmd.CombinedOutput()
}

// onlyLong reports whether a test that seems to be in a livelock whatever the
// schedule ends without control. Then it does the same things very often.
func (t *testSearch) onlyLong() bool {
	if t.config.Launcher != nil {
		return false // as in checkRed
	}
	_, err := t.plainRun(t.ctx)
	return err == nil
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// settle confirms, reduces and keeps what was found.
func (t *testSearch) settle(ctx context.Context) error {
	if len(t.found) > 0 || !t.config.Share {
		t.retire()
	}
	for _, f := range t.found {
		t.progress("confirm")
		if err := t.confirm(ctx, f); err != nil {
			return err
		}
		if f.Confirmed && t.config.Minimise > 0 {
			t.progress("minimise")
			if err := t.reduce(ctx, f); err != nil {
				return err
			}
		}
		if err := t.keep(f); err != nil {
			return err
		}
		t.report.Findings = append(t.report.Findings, f)
	}
	return nil
}

// replay runs a schedule in a fresh process.
func (t *testSearch) replay(ctx context.Context, f *schedule.File, warm bool) (*engine.Outcome, error) {
	opt := t.options()
	opt.Epoch = time.Unix(0, f.Epoch)
	p, err := engine.Start(ctx, t.bin, opt)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	o, _, err := p.Replay(f.Test, f.Seed, f.Switches, warm, traceSteps)
	return o, err
}

// shows reports whether an outcome shows a finding with the given signature.
func (t *testSearch) shows(o *engine.Outcome, signature string) *Finding {
	for _, f := range t.judge(o) {
		if f.signature == signature {
			return f
		}
	}
	return nil
}

// confirm replays a finding twice, in fresh processes, and compares.
func (t *testSearch) confirm(ctx context.Context, f *Finding) error {
	o := f.outcome
	f.Schedule = &schedule.File{
		Version: schedule.Version, GoVersion: t.builder.Toolchain.Version, Package: t.bin.Package.ImportPath, Test: f.Test, Race: t.config.Race, Tags: t.config.Tags,
		Short: t.config.Short, Source: t.bin.Package.Source, Seed: o.Seed, Epoch: t.epoch.UnixNano(), Finding: string(f.Kind), Message: f.Message,
		Signature: f.signature, Switches: o.Switches, Deviations: len(o.Switches),
	}
	if o.RecordFull {
		f.NotReproducible = "the schedule has more switches than are recorded"
		return nil
	}
	var hashes []string
	for range 2 {
		r, err := t.replay(ctx, f.Schedule, f.warm())
		if err != nil {
			return err
		}
		again := t.shows(r, f.signature)
		if again == nil {
			f.NotReproducible = notReproducible(o, r)
			return nil
		}
		hashes = append(hashes, r.Hash)
		f.adopt(again)
	}
	if hashes[0] != hashes[1] {
		f.NotReproducible = "two replays in fresh processes took different ways"
		return nil
	}
	f.Confirmed = true
	f.Schedule.Trace = hashes[0]
	return nil
}

// warm reports whether a replay runs the default schedule first. A failure of
// the default schedule itself is shown by the first run of a process; but what
// remains after that may be a daemon.
func (f *Finding) warm() bool { return !f.Always || f.Kind == Leak || f.Partial }

// notReproducible says why a replay may differ from what was seen.
func notReproducible(seen, replayed *engine.Outcome) string {
	var why []string
	if seen.Spun {
		why = append(why, "a goroutine ran for long without a scheduling point")
	}
	if seen.Collected {
		why = append(why, "the garbage collector ran during the schedule")
	}
	if l := limitTexts(seen.Limits, engine.Totals{}); len(l) > 0 {
		why = append(why, l...)
	}
	if len(why) == 0 {
		switch {
		case replayed.Unused+replayed.Impossible > 0:
			why = append(why, fmt.Sprintf("%d of %d switches could not be replayed: the test depends on what earlier schedules left in the process, or on something outside of it", replayed.Unused+replayed.Impossible, len(seen.Switches)))
		default:
			why = append(why, "the same schedule passes in a fresh process: the failure depends on what earlier schedules left in the process, or on something outside of it")
		}
	}
	return strings.Join(why, "; ")
}

// reduce minimises a confirmed finding's schedule and confirms the result.
func (t *testSearch) reduce(ctx context.Context, f *Finding) error {
	limited, cancel := context.WithTimeout(ctx, t.config.Minimise)
	defer cancel()
	var p *engine.Process
	defer func() {
		if p != nil {
			p.Close()
		}
	}()
	opt := t.options()
	opt.Epoch = time.Unix(0, f.Schedule.Epoch)
	try := func(ctx context.Context, switches []schedule.Switch) (bool, error) {
		if p == nil {
			var err error
			if p, err = engine.Start(ctx, t.bin, opt); err != nil {
				return false, err
			}
		}
		o, retire, err := p.Replay(f.Test, f.Schedule.Seed, switches, f.warm(), 0)
		if err != nil {
			return false, err
		}
		bad := t.shows(o, f.signature) != nil
		if retire || bad {
			p.Close()
			p = nil
		}
		return bad, nil
	}
	least, minimal, err := minimise.Minimise(limited, f.Schedule.Switches, try)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	// The reduced schedule has to hold in fresh processes as well.
	small := *f.Schedule
	small.Switches, small.Minimal = least, minimal
	var hashes []string
	var last *Finding
	for range 2 {
		r, err := t.replay(ctx, &small, f.warm())
		if err != nil {
			return err
		}
		if last = t.shows(r, f.signature); last == nil {
			return nil // the full schedule stands
		}
		hashes = append(hashes, r.Hash)
	}
	if hashes[0] != hashes[1] {
		return nil
	}
	small.Trace = hashes[0]
	f.Schedule = &small
	f.adopt(last)
	return nil
}

// adopt takes over the evidence of a replay.
func (f *Finding) adopt(again *Finding) {
	o := again.outcome
	f.Message, f.Detail, f.Positions = again.Message, again.Detail, again.Positions
	f.Blocked, f.Races, f.Edges, f.Output, f.Trace, f.Partial = again.Blocked, again.Races, again.Edges, again.Output, o.Trace, again.Partial
}

// completeness states what an exhaustive search has shown.
func completeness(s engine.Strategy, all engine.Totals, r TestReport) string {
	how := ""
	if s.Depth >= 0 {
		how = fmt.Sprintf(" with at most %d preemptions", s.Depth)
	}
	fixed := ""
	if all.Rand {
		fixed = "; what select, maps and math/rand choose is fixed by the seed"
	}
	switch {
	case all.Broken:
		return fmt.Sprintf("not complete: %d schedules%s; the test does not behave the same way every time, or has too many goroutines or steps", r.Schedules, how)
	case !all.Complete:
		return fmt.Sprintf("not complete: %d schedules%s", r.Schedules, how)
	case s.Depth >= 0:
		return fmt.Sprintf("all %d schedules%s", r.Schedules, how) + fixed
	}
	return fmt.Sprintf("all schedules: %d, of which every other one is a reordering of independent operations", r.Schedules) + fixed
}

// limitTexts says what applied to a test's schedules.
func limitTexts(bits int, all engine.Totals) []string {
	var l []string
	for _, e := range []struct {
		on   bool
		text string
	}{
		{bits&engine.LimitSyscall != 0, "blocking system calls take real time and are no scheduling points"},
		{bits&engine.LimitNetwork != 0, "the network answers in its own order"},
		{bits&engine.LimitLockedThread != 0, "a goroutine was locked to its thread"},
		{bits&engine.LimitGoroutines != 0, "more goroutines than can be controlled"},
		{bits&engine.LimitOutside != 0, "goroutines that were started before the tests follow the real clock"},
		{all.Unsure, "more objects than can be followed: different schedules are counted only roughly"},
		{all.Spun, "a goroutine ran for long without a scheduling point and was interrupted by the wall clock"},
		{all.Collected, "the garbage collector ran inside of a schedule"},
		{all.Budget, "some schedules hit the step bound without being stuck (budget)"},
	} {
		if e.on {
			l = append(l, e.text)
		}
	}
	return l
}
