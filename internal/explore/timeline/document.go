// Package timeline shows explorations to people and to trace viewers: as one
// self-contained HTML file and as a Chrome trace.
package timeline

import (
	"fmt"
	"strings"
	"time"

	"racebench/internal/explore"
	"racebench/internal/explore/trace"
)

// A Document is what is shown: what was done, and each finding with its trace.
type Document struct {
	Title string
	Facts []string // one line each
	Tests []Test
	Runs  []Run
}

// A Test is a line of the overview.
type Test struct {
	State string // "ok", "found" or "undecided"
	Name  string // with its package
	Notes []string
}

// A Run is one schedule that is worth to be looked at.
type Run struct {
	Name    string           // the test, with its package
	Finding *explore.Finding // nil: nothing went wrong
	Trace   *trace.Trace     // nil: not recorded
}

// Of makes a document of an exploration.
func Of(r *explore.Report) Document {
	d := Document{Title: "racebench explore: " + count(len(r.Findings()), "finding")}
	d.Facts = append(d.Facts, fmt.Sprintf("%s, strategy %s, seed %d, %s", r.GoVersion, r.Strategy, r.Seed, detector(r.Race)))
	for _, l := range r.Limits {
		d.Facts = append(d.Facts, "limit: "+l)
	}
	for _, p := range r.Packages {
		if p.Error != "" {
			d.Tests = append(d.Tests, Test{"undecided", p.ImportPath, strings.Split(p.Error, "\n")})
		}
		for _, t := range p.Tests {
			d.Tests = append(d.Tests, testLine(p.ImportPath, t))
			for _, f := range t.Findings {
				d.Runs = append(d.Runs, Run{p.ImportPath + " " + t.Name, f, f.Trace})
			}
		}
	}
	return d
}

func testLine(pkg string, t explore.TestReport) Test {
	line := Test{State: "ok", Name: pkg + " " + t.Name}
	if t.Schedules > 0 {
		line.Notes = append(line.Notes, fmt.Sprintf("%s, %d different", count(t.Schedules, "schedule"), t.Distinct))
	}
	if t.Complete != "" {
		line.Notes = append(line.Notes, t.Complete)
	}
	for _, c := range t.Corpus {
		line.Notes = append(line.Notes, fmt.Sprintf("found schedule %s: %s", c.File, c.Status))
	}
	for _, l := range t.Limits {
		line.Notes = append(line.Notes, "limit: "+l)
	}
	switch {
	case len(t.Findings) > 0:
		line.State = "found"
	case t.Error != "":
		line.State = "undecided"
		line.Notes = append(line.Notes, t.Error)
	}
	return line
}

// OfReplay makes a document of a replay. It shows the trace also of a schedule
// that does not fail.
func OfReplay(r *explore.ReplayReport) Document {
	name := r.Schedule.Package + " " + r.Schedule.Test
	d := Document{Title: "racebench replay: " + string(r.Status)}
	d.Facts = append(d.Facts, fmt.Sprintf("%s, recorded with %s, %s", name, r.Schedule.GoVersion, detector(r.Schedule.Race)))
	switch {
	case r.Same:
		d.Facts = append(d.Facts, "the trace is the recorded one")
	case r.Changed:
		d.Facts = append(d.Facts, "the sources have changed since it was recorded")
	}
	run := Run{Name: name, Finding: r.Finding}
	if r.Outcome != nil {
		run.Trace = r.Outcome.Trace
	}
	if run.Finding != nil || run.Trace != nil {
		d.Runs = append(d.Runs, run)
	}
	return d
}

// headline is the run in one line.
func (r Run) headline() string {
	if r.Finding == nil {
		return "nothing goes wrong"
	}
	return r.Finding.Message
}

// kind is the finding's kind, "ok" without one.
func (r Run) kind() string {
	if r.Finding == nil {
		return "ok"
	}
	return string(r.Finding.Kind)
}

// stuck are the goroutines that never go on, by number.
func (r Run) stuck() map[int]bool {
	ids := map[int]bool{}
	if r.Finding != nil {
		for _, b := range r.Finding.Blocked {
			ids[b.Goroutine.ID] = !b.Running
		}
	}
	return ids
}

// own reports whether a step is of Go's own machinery, or only the start of a
// goroutine: what the text report leaves out as well.
func own(s trace.Step) bool { return s.Frame.File == "" || s.Op == trace.Start }

// operation is a step in words, without its place.
func operation(s trace.Step) string {
	text := s.Op.String()
	if s.Object != "" {
		text += " " + s.Object
	}
	return text
}

// names are the goroutines' names by number.
func names(t *trace.Trace) map[int]string {
	m := map[int]string{}
	for _, g := range t.Goroutines {
		m[g.ID] = g.Name
	}
	return m
}

func detector(race bool) string {
	if race {
		return "with the race detector"
	}
	return "without the race detector"
}

func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func virtual(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	return d.Round(time.Microsecond).String()
}
