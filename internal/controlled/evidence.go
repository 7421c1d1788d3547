package controlled

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"racebench/internal/explore"
	"racebench/internal/explore/trace"
	"racebench/internal/history"
	"racebench/internal/protocol"
	"racebench/internal/result"
	"racebench/internal/runner/place"
	"racebench/internal/runner/stacks"
)

// limit is what the controlled schedules leave out. The race detector of the
// workers sees the accesses to memory.
const limit = "controlled schedules change goroutines at synchronisation, not at plain memory accesses, and are sequentially consistent"

// evidence turns the report of the generated tests into what was seen of the
// candidate.
func (o *Options) evidence(r *explore.Report, dir string, tests []string) *Evidence {
	e := &Evidence{Limits: []string{limit}}
	byComponent := map[result.Component]*result.Exploration{}
	for _, c := range result.Components() {
		if slices.ContainsFunc(o.Scenarios, func(s Scenario) bool { return s.Component == c }) {
			byComponent[c] = &result.Exploration{Component: c, Strategy: r.Strategy}
		}
	}
	if len(r.Packages) == 0 {
		e.Trouble = append(e.Trouble, "exploration: nothing was explored")
	}
	for _, p := range r.Packages {
		if p.Error != "" {
			e.Trouble = append(e.Trouble, "exploration: "+p.Error)
		}
		for _, t := range p.Tests {
			i := slices.Index(tests, t.Name)
			if i < 0 {
				continue
			}
			sc := o.Scenarios[i]
			x := byComponent[sc.Component]
			// What the default schedule shows ends the search before it begins.
			x.Schedules += max(1, t.Schedules)
			x.Distinct += max(1, t.Distinct)
			for _, l := range t.Limits {
				if !slices.Contains(x.Limits, l) {
					x.Limits = append(x.Limits, l)
				}
			}
			before := len(e.Findings) + len(e.Trouble)
			for _, f := range t.Findings {
				o.take(e, sc, dir, f)
			}
			switch {
			case t.Error != "":
				e.Trouble = append(e.Trouble, fmt.Sprintf("exploration of %s: %s", sc.Name, t.Error))
			case t.Schedules < o.Schedules && len(e.Findings)+len(e.Trouble) == before:
				// Not every finding of a test says something of the candidate.
				e.Trouble = append(e.Trouble, fmt.Sprintf("exploration of %s: only %d of %d schedules were run", sc.Name, t.Schedules, o.Schedules))
			}
		}
		if missing := len(o.Scenarios) - len(p.Tests); missing > 0 && p.Error == "" {
			e.Trouble = append(e.Trouble, fmt.Sprintf("exploration: %d scenarios were not explored", missing))
		}
	}
	for _, c := range result.Components() {
		if x := byComponent[c]; x != nil {
			e.Explorations = append(e.Explorations, *x)
		}
	}
	return e
}

// take adds the findings that one finding of a test stands for.
func (o *Options) take(e *Evidence, sc Scenario, dir string, f *explore.Finding) {
	base := o.describe(sc, dir, f)
	if !f.Confirmed {
		e.Trouble = append(e.Trouble, fmt.Sprintf("exploration of %s: %s, which cannot be shown again: %s", sc.Name, f.Kind, f.NotReproducible))
		base.Severity = result.Note
	}
	switch f.Kind {
	case explore.Invariant:
		found := violations(f.Output)
		if len(found) == 0 {
			e.Trouble = append(e.Trouble, fmt.Sprintf("exploration of %s: the test fails without a violation: %s", sc.Name, f.Message))
		}
		seen := map[string]bool{}
		for _, v := range found {
			if key := v.Kind + v.Message; !seen[key] {
				seen[key] = true
				e.Findings = append(e.Findings, violation(base, v))
			}
		}
		return
	case explore.Deadlock:
		base.Contract, base.Expected = []string{"G3"}, "every call returns"
		base.Message, base.Observed = "goroutines wait for each other, and none is left to wake another", waiting(base.WaitsFor)
	case explore.Livelock, explore.LockOrder:
		base.Contract, base.Expected = []string{"G3"}, "every call returns"
	case explore.Leak:
		if !slices.ContainsFunc(base.WaitsFor, ofComponent) {
			// A scenario that gives up after a violation leaves its own behind.
			return
		}
		base.Contract, base.Expected = []string{"G3"}, "no goroutine is left"
		base.Message, base.Observed = "goroutines are left behind after the last call has returned", waiting(base.WaitsFor)
	case explore.Fatal, explore.Exit:
		if strings.HasPrefix(f.Message, "killed: ") {
			base.Kind, base.Contract = result.ResourceLimit, []string{"G4"}
		}
	}
	e.Findings = append(e.Findings, base)
}

// describe says of a finding what all kinds have, with places as the
// candidate's author knows them.
func (o *Options) describe(sc Scenario, dir string, f *explore.Finding) result.Finding {
	shown := *f
	shown.Trace = ofComponents(f.Trace, endMatters(f.Kind))
	r := shown.Result(dir)
	r.Component, r.Scenario, r.Observed = sc.Component, sc.Name, ""
	r.Message = readable(r.Message)
	r.Repro = result.Repro{Seed: o.Seed}
	if o.Repro != nil {
		r.Repro.Command = o.Repro(sc.Name)
	}
	for i := range r.Stacks {
		r.Stacks[i].Title = readable(r.Stacks[i].Title)
		r.Stacks[i].Frames = relocate(r.Stacks[i].Frames)
	}
	for i := range r.WaitsFor {
		w := &r.WaitsFor[i]
		w.At = relocate(w.At)
		if w.CreatedBy != nil {
			*w.CreatedBy = relocate([]result.Position{*w.CreatedBy})[0]
		}
	}
	// The scenario's own goroutines, which wait for the others, say nothing.
	if inside := slices.DeleteFunc(slices.Clone(r.WaitsFor), func(w result.Wait) bool { return len(judged(w.At)) == 0 }); len(inside) > 0 {
		r.WaitsFor = inside
	}
	r.Positions = judged(relocate(r.Positions))
	if len(r.Positions) > 0 {
		r.Component = componentOf(r.Positions[0])
	}
	return r
}

// ofComponent reports whether a goroutine waits in a component or was started
// by one.
func ofComponent(w result.Wait) bool {
	return len(judged(w.At)) > 0 || w.CreatedBy != nil && componentOf(*w.CreatedBy) != ""
}

// after is the number of steps that are shown after the last decision that
// matters.
const after = 16

// endMatters reports whether a defect of that kind is how a schedule ends, and not
// something that happened on the way.
func endMatters(k explore.Kind) bool {
	return k == explore.Deadlock || k == explore.Leak || k == explore.Livelock || k == explore.Panic || k == explore.Fatal
}

// ofComponents leaves of a trace what the components did, and the decisions that
// matter: what the scenario did around them, and, unless the end matters, what
// came long after, hides more than it tells.
func ofComponents(t *trace.Trace, end bool) *trace.Trace {
	if t == nil {
		return nil
	}
	short := *t
	short.Steps = nil
	last := 0
	for _, s := range t.Steps {
		if _, ok := (place.Frame{Function: s.Frame.Func, File: s.Frame.File}).Component(); ok || s.Decisive {
			short.Steps = append(short.Steps, s)
			if s.Decisive {
				last = len(short.Steps)
			}
		}
	}
	if all := len(short.Steps); !end && last+after < all {
		short.Steps = short.Steps[:last+after]
		short.Omitted = all - len(short.Steps)
	}
	return &short
}

// waiting names the goroutine that says most: one that waits for another's lock,
// or else the first.
func waiting(list []result.Wait) string {
	if len(list) == 0 {
		return ""
	}
	w := list[max(0, slices.IndexFunc(list, func(w result.Wait) bool { return len(w.HeldBy) > 0 }))]
	text := fmt.Sprintf("goroutine %s waits in %s", w.Goroutine, w.State)
	if len(w.At) > 0 {
		text += fmt.Sprintf(" at %s:%d", w.At[0].File, w.At[0].Line)
	}
	if len(w.HeldBy) > 0 {
		text += " for what goroutine " + strings.Join(w.HeldBy, ", ") + " holds"
	}
	if n := len(list) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more wait)", n)
	}
	return text
}

// checkTime bounds the search for what to say of a history; that it is not
// linearizable is known.
const checkTime = 2 * time.Second

// violation is the finding of something that a scenario reported.
func violation(base result.Finding, v protocol.Violation) result.Finding {
	f := base
	f.Kind = result.Kind(v.Kind)
	f.Message, f.Expected, f.Observed = v.Message, v.Expected, v.Observed
	f.Contract = strings.FieldsFunc(v.Contract, func(r rune) bool { return r == ',' || r == ' ' })
	if v.History != nil {
		v.History.Unit = "steps"
		if verdict, why := history.Check(*v.History, checkTime); verdict == history.Illegal {
			f.Observed, f.Detail = "no possible order", append(strings.Split(why, "\n"), f.Detail...)
		}
	}
	if v.Stack != "" {
		if list, err := stacks.Parse(v.Stack); err == nil && len(list) > 0 {
			f.Positions = nil
			if at, ok := place.Innermost(list[0].Frames); ok {
				f.Positions = []result.Position{at.Position()}
				if c, is := at.Component(); is {
					f.Component = c
				}
			}
			f.Stacks = append(f.Stacks, result.Stack{Title: "panic", Frames: place.Positions(list[0].Frames)})
		}
	}
	return f
}

// violations reads what the generated tests print.
func violations(output string) []protocol.Violation {
	var all []protocol.Violation
	for line := range strings.Lines(output) {
		_, text, ok := strings.Cut(line, violationMark)
		var v protocol.Violation
		if ok && json.Unmarshal([]byte(text), &v) == nil {
			all = append(all, v)
		}
	}
	return all
}

// relocate names places as the candidate's author knows them.
func relocate(list []result.Position) []result.Position {
	var all []result.Position
	for _, p := range list {
		all = append(all, place.Frame{Function: p.Function, File: p.File, Line: p.Line}.Position())
	}
	return all
}

// componentOf is the component to whose sources a relocated position belongs,
// or "".
func componentOf(p result.Position) result.Component {
	folder, _, _ := strings.Cut(p.File, "/")
	if c := result.Component(folder); slices.Contains(result.Components(), c) {
		return c
	}
	return ""
}

// judged keeps the positions inside of the components.
func judged(list []result.Position) []result.Position {
	return slices.DeleteFunc(slices.Clone(list), func(p result.Position) bool { return componentOf(p) == "" })
}

// own matches the path of a generated module's file, and addresses, which say
// nothing to a reader and differ from run to run.
var own = regexp.MustCompile(`\bracebench/internal/|\bat 0x[0-9a-f]+ `)

func readable(text string) string { return own.ReplaceAllString(text, "") }
