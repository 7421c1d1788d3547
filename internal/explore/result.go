package explore

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"racebench/internal/explore/trace"
	"racebench/internal/result"
)

// resultWidth is the width of the table in a result: what a report shows has to
// fit a terminal of 80 columns, indented.
const resultWidth = 74

// Result returns the finding in the form that all parts of racebench share.
// Positions below dir are relative to it.
func (f *Finding) Result(dir string) result.Finding {
	r := result.Finding{
		Kind: result.Kind(f.Kind), Origin: result.FromExploration, Severity: result.Error, Scenario: f.Test, Message: f.Message,
		Potential: f.Potential, Confirmed: f.Confirmed, Detail: f.Detail, Observed: strings.TrimSpace(f.Output),
		Positions: positions(dir, f.Positions),
	}
	for _, race := range f.Races {
		for _, a := range race.Accesses {
			r.Stacks = append(r.Stacks, result.Stack{Title: a.Title, Frames: positions(dir, trace.Fold(a.Stack))})
		}
		for _, a := range race.Created {
			r.Stacks = append(r.Stacks, result.Stack{Title: a.Title, Frames: positions(dir, trace.Fold(a.Stack))})
		}
	}
	for _, b := range f.Blocked {
		w := result.Wait{Goroutine: b.Goroutine.Name, State: waiting(b), At: positions(dir, b.Stack), For: b.Object, Count: 1}
		if c := b.Goroutine.Created; c.File != "" && !c.Library() {
			w.CreatedBy = &positions(dir, []trace.Frame{c})[0]
		}
		for _, h := range b.HeldBy {
			w.HeldBy = append(w.HeldBy, h.Goroutine.Name)
		}
		r.WaitsFor = append(r.WaitsFor, w)
	}
	if f.Schedule != nil {
		r.Repro = result.Repro{Command: f.Repro(), Seed: f.Schedule.Seed, Schedule: f.File}
		for _, s := range f.Schedule.Switches {
			r.Detail = append(r.Detail, fmt.Sprintf("switch: %s", s))
		}
	}
	if f.Trace != nil {
		var b bytes.Buffer
		if f.Trace.Table(&b, trace.TableOptions{Rows: tableRows, Width: resultWidth}) == nil {
			r.Detail = append(r.Detail, strings.Split(strings.TrimRight(b.String(), "\n"), "\n")...)
		}
	}
	return r
}

func positions(dir string, frames []trace.Frame) []result.Position {
	var ps []result.Position
	for _, f := range frames {
		ps = append(ps, result.Position{File: filepath.ToSlash(short(dir, f.File)), Line: f.Line, Function: f.Func})
	}
	return ps
}
