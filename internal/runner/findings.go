package runner

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"racebench/internal/protocol"
	"racebench/internal/result"
	"racebench/internal/runner/crash"
	"racebench/internal/runner/place"
	"racebench/internal/runner/racelog"
	"racebench/internal/runner/stacks"
)

const (
	// maxStacks bounds the stacks shown with one finding, maxText the evidence
	// taken over as text, in bytes.
	maxStacks = 8
	maxText   = 4 << 10
)

// found makes a finding of the hammer's with what all of them have.
func found(sc Scenario, kind result.Kind, message string) result.Finding {
	return result.Finding{
		Kind: kind, Origin: result.FromHammer, Severity: result.Error, Component: sc.Component,
		Scenario: sc.Name, Message: message, Confirmed: true,
	}
}

func violationFinding(sc Scenario, v protocol.Violation, parameters string) result.Finding {
	kind := result.Kind(v.Kind)
	if kind == result.Exit {
		kind = result.Panic
	}
	f := found(sc, kind, v.Message)
	f.Expected, f.Observed = tail(v.Expected, maxText), tail(v.Observed, maxText)
	if v.Contract != "" {
		f.Contract = strings.FieldsFunc(v.Contract, func(r rune) bool { return r == ',' || r == ' ' })
	}
	if v.Stack != "" {
		if list, err := stacks.Parse(v.Stack); err == nil && len(list) > 0 {
			f.Stacks = showAll(list)
			f.Positions = innermost(list)
		} else {
			f.Detail = append(f.Detail, tail(v.Stack, maxText))
		}
	}
	if parameters != "" {
		f.Detail = append(f.Detail, parameters)
	}
	return f
}

// raceFinding shows the two accesses of a data race. It belongs to the
// component whose code made them, whatever the scenario was about.
func raceFinding(sc Scenario, r racelog.Report) result.Finding {
	f := found(sc, result.DataRace, "two goroutines access the same memory without synchronisation, and at least one writes")
	f.Contract = []string{"G1"}
	f.Expected = "accesses ordered by synchronisation"
	var seen []string
	for _, a := range r.Accesses {
		kind := "read"
		if a.Write {
			kind = "write"
		}
		if a.Atomic {
			kind = "atomic " + kind
		}
		if a.Previous {
			kind = "previous " + kind
		}
		f.Stacks = append(f.Stacks, result.Stack{
			Title: fmt.Sprintf("%s at %s by %s", kind, a.Address, a.By), Frames: place.Positions(a.Frames),
		})
		at, ok := place.Innermost(a.Frames)
		if ok {
			if c, is := at.Component(); is {
				f.Component = c
			}
		} else if len(a.Frames) > 0 {
			at = a.Frames[0]
		} else {
			continue
		}
		pos := at.Position()
		f.Positions = append(f.Positions, pos)
		seen = append(seen, fmt.Sprintf("%s at %s:%d in %s", kind, pos.File, pos.Line, pos.Function))
	}
	for _, g := range r.Goroutines {
		f.Stacks = append(f.Stacks, result.Stack{
			Title: fmt.Sprintf("%s (%s) created at", g.Name, g.State), Frames: place.Positions(g.Frames),
		})
	}
	f.Observed = strings.Join(seen, "; ")
	return f
}

// leakFinding shows what a scenario left behind. The error says that none of it
// is the component's.
func leakFinding(sc Scenario, out protocol.Outcome, noProfile bool) (result.Finding, error) {
	list, err := stacks.Parse(out.Remaining)
	if err != nil {
		return result.Finding{}, err
	}
	var left []stacks.Goroutine
	proved := 0
	for _, g := range list {
		if g.Judged() || g.CreatedBy != nil && g.CreatedBy.Judged() || g.Foreign() {
			left = append(left, g)
			if g.Leaked && !noProfile {
				proved++
			}
		}
	}
	if len(left) == 0 {
		return result.Finding{}, fmt.Errorf("%s left goroutines of its own behind: %s", sc.Name, tail(out.Remaining, 500))
	}
	f := found(sc, result.GoroutineLeak, "goroutines are left behind after the last call has returned")
	f.Contract = []string{"G3"}
	if sc.Component == result.WorkerPool {
		f.Contract = []string{"W11"}
	}
	f.Expected = "no goroutine is left"
	f.Observed = fmt.Sprintf("%d left", len(left))
	if proved > 0 {
		f.Observed += fmt.Sprintf(", %d of them can never be woken (%s)", proved, proofLeak)
	}
	f.Positions = innermost(left)
	f.Stacks = showAll(left)
	return f, nil
}

// initialFinding shows the goroutines that the initialisation of the component's
// package started, if it did: they serve all its instances, and no call that could
// end them is left. Those of other components are for their own scenarios to find.
func initialFinding(sc Scenario, dump string) (result.Finding, bool, error) {
	list, err := stacks.Parse(dump)
	if err != nil {
		return result.Finding{}, false, err
	}
	var own []stacks.Goroutine
	var creators []result.Position
	for _, g := range list {
		if g.CreatedBy == nil {
			continue
		}
		if c, _ := g.CreatedBy.Component(); c != sc.Component {
			continue
		}
		own = append(own, g)
		if p := g.CreatedBy.Position(); !slices.Contains(creators, p) {
			creators = append(creators, p)
		}
	}
	if len(own) == 0 {
		return result.Finding{}, false, nil
	}
	f := found(sc, result.GoroutineLeak, fmt.Sprintf("the initialisation of %s leaves goroutines behind", sc.Component))
	f.Contract = []string{"G3"}
	f.Expected = "no goroutine before the first call"
	f.Observed = goroutines(len(own))
	f.Positions = creators
	f.Stacks = showAll(own)
	return f, true, nil
}

// The proofs that a finding names.
const (
	proofLeak = "goroutine leak profile"
	proofDump = "goroutine dumps"
)

// hang makes the observation of a run that can never end.
func hang(o *Options, sc Scenario, c stacks.Condition, all, involved []stacks.Goroutine, d protocol.Dump) observation {
	obs := observation{ending: hung, signature: signature(involved)}
	for _, v := range d.Violations {
		obs.findings = append(obs.findings, violationFinding(sc, v, ""))
	}
	var f result.Finding
	switch c {
	case stacks.Leaked:
		f = stuckFinding(sc, result.Deadlock, "goroutines are blocked for ever", involved, stacks.Picture(involved, o.Sources))
		f.Observed = fmt.Sprintf("%s can never be woken (%s)", goroutines(len(involved)), proofLeak)
	case stacks.Blocked:
		f = stuckFinding(sc, result.Deadlock, "all goroutines wait and none is left to wake another", involved, stacks.Picture(involved, o.Sources))
		f.Observed = fmt.Sprintf("%s, none of which can wake another (%s)", goroutines(len(all)), proofDump)
	case stacks.Spinning:
		f = stuckFinding(sc, result.Livelock, "goroutines run without end and without progress", involved, nil)
		f.Observed = fmt.Sprintf("%s used the processor and no operation ended", goroutines(len(involved)))
	}
	f.Expected = "every call returns"
	// After a violation a scenario gives up and leaves others at its
	// handshakes; only a lock that is never released is still held against the
	// component.
	if len(d.Violations) == 0 || locked(involved) {
		obs.findings = append(obs.findings, f)
	}
	return obs
}

func goroutines(n int) string {
	if n == 1 {
		return "1 goroutine"
	}
	return fmt.Sprintf("%d goroutines", n)
}

// locked reports whether a goroutine waits for a lock inside judged code.
func locked(list []stacks.Goroutine) bool {
	return slices.ContainsFunc(list, func(g stacks.Goroutine) bool {
		return g.Judged() && (strings.HasPrefix(g.State, "sync.Mutex") || strings.HasPrefix(g.State, "sync.RWMutex"))
	})
}

// overdue judges a run that exceeded even the long deadline, alone on the
// machine.
func overdue(o *Options, sc Scenario, w *stacks.Watch, d protocol.Dump, timeout time.Duration) observation {
	last, _ := w.Last()
	idle := w.Idle()
	if idle < timeout/2 {
		f := slowFinding(sc, fmt.Sprintf("not done after %v, alone, but getting on", timeout), last.Goroutines)
		return observation{ending: overtime, findings: []result.Finding{f}}
	}
	obs := observation{ending: hung, signature: signature(last.Goroutines)}
	for _, v := range d.Violations {
		obs.findings = append(obs.findings, violationFinding(sc, v, ""))
	}
	var parked, running []stacks.Goroutine
	for _, g := range last.Goroutines {
		switch {
		case g.Running() && g.Judged() && !g.Polling():
			running = append(running, g)
		case g.Parked(false) && g.Judged():
			parked = append(parked, g)
		}
	}
	var f result.Finding
	if len(running) == 0 && len(parked) > 0 {
		f = stuckFinding(sc, result.Deadlock, "goroutines wait and nothing goes on", parked, stacks.Picture(last.Goroutines, o.Sources))
		f.Observed = fmt.Sprintf("no operation ended in %v; waiting: %s (%s)", idle.Round(time.Second), goroutines(len(parked)), proofDump)
	} else {
		f = stuckFinding(sc, result.Livelock, "goroutines run or poll without end and without progress", last.Goroutines, nil)
		f.Observed = fmt.Sprintf("no operation ended in %v", idle.Round(time.Second))
	}
	f.Expected = "every call returns"
	if len(d.Violations) == 0 || locked(last.Goroutines) {
		obs.findings = append(obs.findings, f)
	}
	return obs
}

func stuckFinding(sc Scenario, kind result.Kind, message string, involved []stacks.Goroutine, picture []result.Wait) result.Finding {
	f := found(sc, kind, message)
	f.Positions = innermost(involved)
	f.Stacks = showAll(involved)
	f.WaitsFor = picture
	for _, g := range involved {
		if at, ok := place.Innermost(g.Frames); ok {
			if c, is := at.Component(); is {
				f.Component = c
				break
			}
		}
	}
	return f
}

// slowFinding is no accusation: it says what took long, and where it was.
func slowFinding(sc Scenario, observed string, where []stacks.Goroutine) result.Finding {
	f := found(sc, result.Slow, "the scenario takes longer than its deadline")
	f.Severity = result.Note
	f.Observed = observed
	f.Stacks = showAll(where)
	return f
}

func limitFinding(sc Scenario, limit string) result.Finding {
	f := found(sc, result.ResourceLimit, "the process exceeded a limit")
	f.Contract = []string{"G4"}
	f.Observed = limit
	return f
}

func hostile(sc Scenario, message, observed string) result.Finding {
	f := found(sc, result.Hostile, message)
	f.Observed = observed
	return f
}

func crashFinding(sc Scenario, c crash.Cause, stderr string) result.Finding {
	f := found(sc, c.Kind, c.Message)
	f.Expected = "the process runs on"
	f.Observed = "it ended while it ran " + sc.Name
	if list, err := stacks.Parse(c.Dump); err == nil && len(list) > 0 {
		// The one that brought the process down comes first.
		f.Stacks = showAll(list[:1])
		f.Positions = innermost(list[:1])
		if at, ok := place.Innermost(list[0].Frames); ok {
			if comp, is := at.Component(); is {
				f.Component = comp
			}
		}
		if c.Kind == result.Deadlock {
			f.WaitsFor = stacks.Picture(list, nil)
		}
	}
	if stderr != "" {
		f.Detail = append(f.Detail, "end of stderr:\n"+tail(head(stderr, c), maxText))
	}
	return f
}

// head cuts stderr after the first goroutine, which is what a reader wants to
// see of a crash.
func head(stderr string, c crash.Cause) string {
	if c.Dump == "" {
		return stderr
	}
	before := strings.TrimSuffix(stderr, c.Dump)
	first, _, _ := strings.Cut(c.Dump, "\n\n")
	return before + first
}

// innermost lists where goroutines are in judged code, each place once, in a
// fixed order.
func innermost(list []stacks.Goroutine) []result.Position {
	var all []result.Position
	for _, g := range list {
		at, ok := place.Innermost(g.Frames)
		if !ok {
			if g.CreatedBy == nil || !g.CreatedBy.Judged() {
				continue
			}
			at = *g.CreatedBy
		}
		if p := at.Position(); !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b result.Position) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return all
}

// showAll renders stacks, those that are alike once.
func showAll(list []stacks.Goroutine) []result.Stack {
	var all []result.Stack
	seen := make(map[string]int)
	for _, g := range list {
		frames := place.Positions(g.Frames)
		key := fmt.Sprint(g.State, frames)
		if i, ok := seen[key]; ok {
			if i < len(all) {
				title, _, _ := strings.Cut(all[i].Title, " and ")
				all[i].Title = title + " and others alike"
			}
			continue
		}
		seen[key] = len(all)
		if len(all) < maxStacks {
			all = append(all, result.Stack{Title: fmt.Sprintf("goroutine %d [%s]", g.ID, g.State), Frames: frames})
		}
	}
	return all
}

// signature identifies a hang by where its goroutines are stuck, whoever they
// are. Those that run are somewhere else every time, so only the call by which
// they came into judged code counts.
func signature(list []stacks.Goroutine) string {
	var all []string
	for _, g := range list {
		s := g.State
		if g.Running() {
			entry, ok := place.Entry(g.Frames)
			if !ok {
				continue
			}
			s = "running|" + entry.Position().Function
		} else {
			for _, f := range g.Frames {
				p := f.Position()
				s += fmt.Sprintf("|%s:%d", p.File, p.Line)
			}
		}
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

var numbers = regexp.MustCompile(`0x[0-9a-fA-F]+|\d+`)

// template is a message without its numbers, so that findings which differ in
// nothing else count as one.
func template(message string) string { return numbers.ReplaceAllString(message, "#") }
