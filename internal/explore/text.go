package explore

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"racebench/internal/explore/trace"
)

// tableRows is the most rows of a trace in a text report.
const tableRows = 60

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer, verbose bool) error {
	var b bytes.Buffer
	for _, p := range r.Packages {
		switch {
		case p.Error != "":
			fmt.Fprintf(&b, "?     %s\n%s\n", p.ImportPath, indent(p.Error, "      "))
		case p.NoFiles:
			fmt.Fprintf(&b, "?     %s [no test files]\n", p.ImportPath)
		case len(p.Tests) == 0:
			fmt.Fprintf(&b, "ok    %s [no tests to run]\n", p.ImportPath)
		}
		for i := range p.Tests {
			p.Tests[i].write(&b, p.ImportPath, verbose)
		}
	}
	found := len(r.Findings())
	schedules, tests := 0, 0
	for _, p := range r.Packages {
		for _, t := range p.Tests {
			schedules += t.Schedules
			tests++
		}
	}
	fmt.Fprintf(&b, "\n%s, %d tests, %d schedules in %v (%s, seed %d, %s)\n", count(found, "finding"), tests, schedules, r.Elapsed.Round(10*time.Millisecond), r.Strategy, r.Seed, r.GoVersion)
	for _, l := range r.Limits {
		fmt.Fprintf(&b, "limit: %s\n", l)
	}
	_, err := w.Write(b.Bytes())
	return err
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

func indent(s, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n"+by)
}

func (t *TestReport) write(b *bytes.Buffer, pkg string, verbose bool) {
	state := "ok   "
	switch {
	case len(t.Findings) > 0:
		state = "FOUND"
	case t.Error != "":
		state = "?    "
	}
	if t.Skipped {
		fmt.Fprintf(b, "skip  %s %s\n", pkg, t.Name)
		return
	}
	rate := ""
	if t.Elapsed > 0 && t.Schedules > 0 {
		rate = fmt.Sprintf(", %.0f/s", float64(t.Schedules)/t.Elapsed.Seconds())
	}
	fmt.Fprintf(b, "%s %s %s: %d schedules, %d different", state, pkg, t.Name, t.Schedules, t.Distinct)
	if t.Distinct > 0 && t.LastNew < t.Schedules {
		fmt.Fprintf(b, " (the last new one was number %d)", t.LastNew)
	}
	fmt.Fprintf(b, "%s\n", rate)
	if t.Complete != "" {
		fmt.Fprintf(b, "      %s\n", t.Complete)
	}
	if t.Error != "" {
		fmt.Fprintf(b, "      undecided: %s\n", t.Error)
	}
	if t.Red != "" {
		fmt.Fprintf(b, "      it fails without exploration as well:\n%s\n", indent(t.Red, "        "))
	}
	for _, c := range t.Corpus {
		fmt.Fprintf(b, "      found schedule %s: %s", c.File, c.Status)
		if c.Note != "" {
			fmt.Fprintf(b, " (%s)", c.Note)
		}
		b.WriteByte('\n')
	}
	if verbose || len(t.Findings) > 0 {
		for _, l := range t.Limits {
			fmt.Fprintf(b, "      limit: %s\n", l)
		}
	}
	for _, f := range t.Findings {
		f.write(b)
	}
}

// WriteText writes the finding for people.
func (f *Finding) WriteText(w io.Writer) error {
	var b bytes.Buffer
	f.write(&b)
	_, err := w.Write(b.Bytes())
	return err
}

func (f *Finding) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n  %s: %s\n", f.Kind, f.Message)
	var where []string
	switch {
	case f.Index > 0:
		where = append(where, fmt.Sprintf("schedule %d (%s)", f.Index, f.Strategy))
	case f.Always:
		where = append(where, "the default schedule")
	}
	if f.Potential {
		where = append(where, "it did not happen, but it can")
	}
	if f.Confirmed && f.fromCorpus {
		where = append(where, "a schedule found earlier")
	} else if f.Confirmed {
		where = append(where, "confirmed by two replays")
	} else if f.NotReproducible != "" {
		where = append(where, "not reproducible: "+f.NotReproducible)
	}
	if len(where) > 0 {
		fmt.Fprintf(b, "    %s\n", strings.Join(where, "; "))
	}
	for _, x := range f.Blocked {
		fmt.Fprintf(b, "    %s\n", x)
		for _, fr := range x.Stack {
			fmt.Fprintf(b, "        %s %s\n", fr.Func, fr)
		}
	}
	for _, r := range f.Races {
		for _, a := range r.Accesses {
			fmt.Fprintf(b, "    %s\n", a.Title)
			writeStack(b, trace.Fold(a.Stack))
		}
		for _, a := range r.Created {
			fmt.Fprintf(b, "    %s\n", a.Title)
			writeStack(b, trace.Fold(a.Stack))
		}
	}
	for _, d := range f.Detail {
		fmt.Fprintf(b, "    %s\n", d)
	}
	if f.Kind == Panic || f.Kind == Fatal {
		writeStack(b, f.Positions)
	}
	if out := strings.TrimSpace(f.Output); out != "" && f.Kind == Invariant {
		fmt.Fprintf(b, "%s\n", indent(lastLines(out, 20), "    | "))
	}
	if f.Schedule != nil {
		if n := f.Schedule.Slips(); n > 0 {
			fmt.Fprintf(b, "    it needs %s to fire before goroutines that could run get their turn, as on a busy machine\n", count(n, "timer"))
		}
		switch n := len(f.Schedule.Switches); {
		case n == 0:
			fmt.Fprintf(b, "    no switch is needed\n")
		case f.Schedule.Minimal:
			fmt.Fprintf(b, "    switches, none of which can be left out:\n")
			for _, s := range f.Schedule.Switches {
				fmt.Fprintf(b, "      %s\n", s)
			}
		default:
			fmt.Fprintf(b, "    %d recorded switches, not reduced\n", n)
		}
	}
	if f.Trace != nil && len(f.Trace.Steps) > 0 {
		var t bytes.Buffer
		if err := f.Trace.Table(&t, trace.TableOptions{Rows: tableRows}); err != nil {
			return // a buffer does not fail
		}
		b.WriteString(indent(t.String(), "    "))
		b.WriteByte('\n')
	}
	if repro := f.Repro(); repro != "" {
		fmt.Fprintf(b, "    again: %s\n", repro)
	}
}

func writeStack(b *bytes.Buffer, stack []trace.Frame) {
	for _, fr := range stack {
		fmt.Fprintf(b, "        %s %s\n", fr.Func, fr)
	}
}

// WriteText writes the outcome of a replay for people.
func (r *ReplayReport) WriteText(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s: %s\n", r.Schedule.Package, r.Schedule.Test, r.Status)
	switch {
	case r.Status == Stale:
		b.WriteString("  the test no longer does all that the schedule is made of: nothing is known\n" +
			"  explore the test anew; without findings the file can be deleted\n")
	case r.Same:
		b.WriteString("  the trace is the recorded one\n")
	case r.Changed:
		b.WriteString("  the sources have changed since it was recorded\n")
	}
	if r.Finding != nil {
		r.Finding.write(&b)
	}
	_, err := w.Write(b.Bytes())
	return err
}
