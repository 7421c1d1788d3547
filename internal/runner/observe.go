package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"racebench/internal/protocol"
	"racebench/internal/result"
	"racebench/internal/runner/crash"
	"racebench/internal/runner/racelog"
	"racebench/internal/runner/stacks"
)

// ending is how one run of a scenario came to its end.
type ending int

const (
	// completed: the scenario ended by itself.
	completed ending = iota
	// hung: it was proved that it never will, and the worker was killed.
	hung
	// overtime: the deadline passed without a proof of anything.
	overtime
	// crashed: the worker ended, or had to be killed at a limit.
	crashed
	// interrupted: the runner was told to stop.
	interrupted
	// failed: racebench could not do its work.
	failed
)

// observation is what one run of a scenario showed.
type observation struct {
	ending   ending
	outcome  protocol.Outcome
	findings []result.Finding
	// signature identifies a hang by where its goroutines are stuck.
	signature string
	// where the goroutines were when the deadline passed.
	where   []stacks.Goroutine
	trouble string
	// undecided counts the histories that could not be decided.
	undecided int
	elapsed   time.Duration
	// usedUp: the worker must not run anything else.
	usedUp bool
}

// execute has the worker run a scenario once and watches it. final says that
// the deadline is the last one: what exceeds it is judged by what is known.
func (p *process) execute(ctx context.Context, o *Options, sc Scenario, seed uint64, timeout time.Duration, final bool) observation {
	began := time.Now()
	obs := p.watch(ctx, o, sc, seed, timeout, final)
	obs.elapsed = time.Since(began)
	if obs.ending != completed {
		obs.usedUp = true
		p.kill("")
	}
	if obs.ending == interrupted || obs.ending == failed {
		return obs
	}
	if p.binary.Race && !o.Without.RaceLog {
		if obs.ending != completed {
			<-p.exited
		}
		text, err := p.races(obs.ending != completed)
		if err != nil {
			obs.trouble = "race log: " + err.Error()
		}
		for _, r := range racelog.Parse(text) {
			obs.findings = append(obs.findings, raceFinding(sc, r))
		}
	}
	return obs
}

func (p *process) watch(ctx context.Context, o *Options, sc Scenario, seed uint64, timeout time.Duration, final bool) observation {
	p.before, _ = usage(p.pid)
	id, err := p.send(protocol.Request{Run: &protocol.Run{
		Scenario: sc.Name, Seed: seed, Stall: int64(o.stall),
		Leaks: p.ready.LeakProfile && !o.Without.LeakProfile,
	}})
	if err != nil {
		return p.ended(o, sc)
	}
	w := stacks.Watch{
		Timers: o.timers, SpinCPU: o.spinCPU, NoDumps: o.Without.Dumps, NoLeaks: o.Without.LeakProfile,
	}
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	look := time.NewTicker(25 * time.Millisecond)
	defer look.Stop()
	nudge := time.NewTicker(nudgeEvery)
	defer nudge.Stop()
	var asked uint64    // number of the request for the last dump, once sent
	var silent *silence // since then
	for {
		select {
		case <-ctx.Done():
			return observation{ending: interrupted}
		case <-p.exited:
			// What the worker said before it ended counts.
			for r := range p.replies {
				if r.err != nil {
					return p.forged(sc, r.err)
				}
				if r.Outcome != nil && r.ID == id {
					return p.outcome(o, sc, *r.Outcome)
				}
			}
			return p.ended(o, sc)
		case <-look.C:
			p.guardMemory(o)
		case <-nudge.C:
			// A worker that reads nothing any more is no trouble: the watch
			// finds out by other means.
			_, _ = p.send(protocol.Request{Nudge: true})
		case <-deadline.C:
			if asked != 0 {
				if final && silent.busy() {
					deadline.Reset(silencePatience)
					continue
				}
				return p.unresponsive(sc, final)
			}
			if asked, err = p.send(protocol.Request{Dump: true}); err != nil {
				return p.ended(o, sc)
			}
			p.dumps[asked] = true
			silent = newSilence(p.pid)
			deadline.Reset(silencePatience)
		case r, ok := <-p.replies:
			switch {
			case !ok:
				return p.ended(o, sc)
			case r.err != nil:
				return p.forged(sc, r.err)
			case r.Outcome != nil && r.ID == id:
				return p.outcome(o, sc, *r.Outcome)
			case r.Stall != nil && r.ID == id:
				if obs, proved := p.examine(o, sc, &w, *r.Stall); proved {
					return obs
				}
			case r.Dump != nil && p.dumps[r.ID]:
				delete(p.dumps, r.ID)
				if r.ID != asked {
					continue // it was asked for when an earlier run was overdue, which then ended
				}
				obs, proved := p.examine(o, sc, &w, *r.Dump)
				switch {
				case proved:
					return obs
				case final:
					return overdue(o, sc, &w, *r.Dump, timeout)
				}
				last, _ := w.Last()
				return observation{ending: overtime, where: last.Goroutines}
			default:
				return p.forged(sc, errors.New("a reply that nobody asked for"))
			}
		}
	}
}

// How long a worker that is asked may be silent, and how often that is granted anew
// to one that the processors have been busy with meanwhile: it may be on a machine
// that gives it little, and the loop that answers is one goroutine of many.
const silencePatience, silences = 10 * time.Second, 6

// silence follows a worker that has been asked and does not answer.
type silence struct {
	pid     int
	cpu     time.Duration
	granted int
}

func newSilence(pid int) *silence {
	u, _ := usage(pid)
	return &silence{pid: pid, cpu: u.cpu}
}

// busy reports whether the worker has used the processor since it was asked, or
// since the last call, and may be silent for a while longer.
func (s *silence) busy() bool {
	u, ok := usage(s.pid)
	before := s.cpu
	s.cpu = u.cpu
	s.granted++
	return ok && u.cpu-before > 100*time.Millisecond && s.granted <= silences
}

// guardMemory kills a worker that uses more memory or threads than it may.
func (p *process) guardMemory(o *Options) {
	u, ok := usage(p.pid)
	switch {
	case !ok:
	case u.memory > o.Memory:
		p.kill(fmt.Sprintf("more than %d MiB of memory", o.Memory>>20))
	case u.threads > maxThreads:
		p.kill(fmt.Sprintf("more than %d threads", maxThreads))
	}
}

// used is what a process uses: bytes of memory, threads, and the processor time
// of its life.
type used struct {
	memory  uint64
	threads int
	cpu     time.Duration
}

// examine adds a dump to what is known of a run, and returns the finding if it
// proves one.
func (p *process) examine(o *Options, sc Scenario, w *stacks.Watch, d protocol.Dump) (observation, bool) {
	goroutines, err := stacks.Parse(d.Stacks)
	if err != nil {
		return observation{ending: failed, trouble: err.Error()}, true
	}
	condition, involved := w.Add(stacks.Snapshot{
		Goroutines: goroutines, Life: d.Life, CPU: time.Duration(d.CPU), At: time.Now(),
	})
	if condition == stacks.Undecided {
		return observation{}, false
	}
	obs := hang(o, sc, condition, goroutines, involved, d)
	if u, ok := usage(p.pid); ok && u.memory > p.before.memory+muchMemory {
		// Where memory is slow, who fills it without end is found out by the
		// processor long before the limit is reached.
		for i := range obs.findings {
			obs.findings[i].Observed += fmt.Sprintf("; memory grew from %d MiB to %d, and %d are the limit",
				p.before.memory>>20, u.memory>>20, o.Memory>>20)
		}
	}
	return obs, true
}

// outcome turns a worker's answer into an observation.
func (p *process) outcome(o *Options, sc Scenario, out protocol.Outcome) observation {
	obs := observation{ending: completed, outcome: out}
	if out.Unknown {
		return observation{ending: failed, trouble: fmt.Sprintf("the worker has no scenario %q", sc.Name)}
	}
	for _, v := range out.Violations {
		obs.findings = append(obs.findings, violationFinding(sc, v, out.Parameters))
	}
	if out.Initial != "" {
		f, found, err := initialFinding(sc, out.Initial)
		if err != nil {
			obs.trouble = err.Error()
		} else if found {
			obs.findings = append(obs.findings, f)
		}
	}
	if out.Remaining != "" {
		obs.usedUp = true
		// A scenario that gave up after a violation cleans up as well as it can.
		if len(out.Violations) == 0 {
			f, err := leakFinding(sc, out, o.Without.LeakProfile)
			if err != nil {
				obs.trouble = err.Error()
			} else {
				obs.findings = append(obs.findings, f)
			}
		}
	}
	return obs
}

// ended explains the end of a worker that was not asked to end.
func (p *process) ended(o *Options, sc Scenario) observation {
	if !p.awaitExit(exitPatience) {
		p.kill("")
		<-p.exited
		return observation{ending: crashed, findings: []result.Finding{hostile(sc,
			"the worker closed its private descriptor", "the process went on without it")}}
	}
	p.drainOutput()
	stderr := p.stderr.String()
	if limit := p.limitExceeded(); limit != "" {
		return observation{ending: crashed, findings: []result.Finding{limitFinding(sc, limit)}}
	}
	cause := crash.Explain(p.state, stderr)
	// The kernel kills at the hard limit, and Go ignores the signal before.
	if used := p.state.UserTime() + p.state.SystemTime(); cause.Unexplained && used >= o.cpuLimit() {
		return observation{ending: crashed, findings: []result.Finding{
			limitFinding(sc, fmt.Sprintf("more than %v of processor time", o.cpuLimit())),
		}}
	}
	if cause.Unexplained {
		return observation{ending: failed, trouble: "a worker was killed from outside while it ran " + sc.Name}
	}
	return observation{ending: crashed, findings: []result.Finding{crashFinding(sc, cause, stderr)}}
}

// awaitExit waits for the end of a process that has closed its descriptors.
func (p *process) awaitExit(limit time.Duration) bool {
	select {
	case <-p.exited:
		return true
	case <-time.After(limit):
		return false
	}
}

// drainOutput waits until everything that an ended worker wrote has been read,
// but not for a process that it left behind with the same descriptors.
func (p *process) drainOutput() {
	done := make(chan struct{})
	go func() {
		p.drained.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Second):
	}
}

func (p *process) forged(sc Scenario, err error) observation {
	p.kill("")
	return observation{ending: crashed, findings: []result.Finding{
		hostile(sc, "the worker's replies were tampered with", err.Error()),
	}}
}

// unresponsive deals with a worker whose watching loop does not answer.
func (p *process) unresponsive(sc Scenario, final bool) observation {
	if !final {
		return observation{ending: overtime}
	}
	obs, _ := p.interrogate(sc)
	return obs
}

// interrogate asks the runtime itself for the stacks, which ends the process.
func (p *process) interrogate(sc Scenario) (observation, []stacks.Goroutine) {
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	if !p.awaitExit(exitPatience) {
		p.kill("")
		<-p.exited
	}
	p.drainOutput()
	goroutines, err := stacks.Parse(p.stderr.String())
	if err != nil {
		goroutines = nil
	}
	kind := result.Livelock
	if !slices.ContainsFunc(goroutines, func(g stacks.Goroutine) bool { return g.Judged() && g.Running() }) &&
		slices.ContainsFunc(goroutines, func(g stacks.Goroutine) bool { return g.Judged() && g.Parked(false) }) {
		kind = result.Deadlock
	}
	return observation{ending: hung, signature: "unresponsive", findings: []result.Finding{
		stuckFinding(sc, kind, "the process no longer answers", goroutines, nil),
	}}, goroutines
}
