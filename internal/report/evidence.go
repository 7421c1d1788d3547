package report

import (
	"fmt"
	"slices"
	"strings"

	"racebench/internal/result"
	"racebench/internal/terminal"
)

// heading names a finding in one line.
func heading(f result.Finding) string {
	h := string(f.Kind)
	if f.Potential {
		h = "potential " + h
	}
	if f.Rule != "" {
		h += " " + f.Rule
	}
	switch {
	case f.Scenario != "":
		h += " in " + f.Scenario
	case f.Component != "":
		h += " in " + string(f.Component)
	}
	if len(f.Contract) > 0 {
		h += " (" + strings.Join(f.Contract, ", ") + ")"
	}
	if f.Origin == result.FromGate {
		h += ", driven by one goroutine"
	}
	return terminal.Clean(h)
}

// findingText is a finding as plain text, for formats that are not the
// terminal's.
func findingText(f result.Finding) string {
	text := heading(f) + "\n" + terminal.Clean(f.Message) + "\n" + findingBody(f, 0, false)
	if f.Repro.Command != "" {
		text += "reproduce: " + terminal.Clean(f.Repro.Command) + "\n"
	}
	return text
}

// findingBody is the evidence of a finding. Width 0 does not wrap. Unless
// everything is asked for, it leaves out what belongs to racebench.
func findingBody(f result.Finding, width int, everything bool) string {
	if !everything {
		f = candidateOnly(f)
	}
	var b strings.Builder
	if f.Expected != "" {
		fmt.Fprintf(&b, "expected: %s\n", hang(terminal.Clean(f.Expected), width, 10))
	}
	if f.Observed != "" {
		fmt.Fprintf(&b, "observed: %s\n", hang(terminal.Clean(f.Observed), width, 10))
	}
	if len(f.Stacks) == 0 || f.Kind != result.DataRace || everything {
		for _, pos := range f.Positions {
			fmt.Fprintf(&b, "at %s\n", place(pos))
		}
	}
	stacks := f.Stacks
	if len(f.WaitsFor) > 0 {
		stacks = nil // the picture says the same, and more
	}
	for _, s := range stacks {
		fmt.Fprintf(&b, "%s\n", terminal.Clean(s.Title))
		for _, fr := range s.Frames {
			fmt.Fprintf(&b, "    %s\n", place(fr))
		}
	}
	if len(f.WaitsFor) > 0 {
		b.WriteString("who waits for whom:\n")
	}
	for _, wt := range f.WaitsFor {
		who := terminal.Clean(wt.Goroutine)
		if wt.Count > 1 {
			who = fmt.Sprintf("%d goroutines like %s", wt.Count, who)
		}
		fmt.Fprintf(&b, "  %s [%s]", who, terminal.Clean(wt.State))
		if wt.For != "" {
			verb := "waits"
			if wt.Count > 1 {
				verb = "wait"
			}
			fmt.Fprintf(&b, " %s for %s", verb, terminal.Clean(wt.For))
		}
		b.WriteByte('\n')
		for _, fr := range wt.At {
			fmt.Fprintf(&b, "      %s\n", place(fr))
		}
		if len(wt.HeldBy) > 0 {
			fmt.Fprintf(&b, "      held by %s\n", hang(terminal.Clean(strings.Join(wt.HeldBy, "; ")), width, 14))
		}
		if wt.CreatedBy != nil {
			fmt.Fprintf(&b, "      created at %s\n", place(*wt.CreatedBy))
		}
	}
	for _, line := range f.Detail {
		line = terminal.Clean(line)
		if !everything {
			line = clip(line, maxDetailLine)
		}
		fmt.Fprintf(&b, "%s\n", detail(line, width))
	}
	return b.String()
}

// detail fits a line of evidence to a width. A line of a table, which has its
// words apart, stays as it is.
func detail(line string, width int) string {
	text := strings.TrimLeft(line, " ")
	lead := len(line) - len(text)
	if width == 0 || len([]rune(line)) <= width || strings.Contains(text, "  ") {
		return line
	}
	return line[:lead] + hang(text, width, lead+4)
}

// maxDetailLine bounds a line of evidence, such as a call that returned a long
// list, in runes.
const maxDetailLine = 320

// clip takes the middle out of a line that is longer than n runes.
func clip(line string, n int) string {
	r := []rune(line)
	if len(r) <= n {
		return line
	}
	return string(r[:n*2/3]) + " … " + string(r[len(r)-n/3:])
}

// candidateOnly shortens the stacks of a finding to what the person judged can
// do something about: down to where the candidate was called from. A goroutine
// of racebench's own keeps the frame it waits in. The JSON report keeps all.
func candidateOnly(f result.Finding) result.Finding {
	stacks := make([]result.Stack, 0, len(f.Stacks))
	for _, s := range f.Stacks {
		if lastOfCandidate(s.Frames) < 0 && strings.HasSuffix(s.Title, "created at") {
			continue // racebench started it: that says nothing
		}
		stacks = append(stacks, result.Stack{Title: s.Title, Frames: toCaller(s.Frames)})
	}
	f.Stacks = stacks
	f.WaitsFor = slices.Clone(f.WaitsFor)
	for i := range f.WaitsFor {
		w := &f.WaitsFor[i]
		w.At = toCaller(w.At)
		if w.CreatedBy != nil && !ofCandidate(*w.CreatedBy) {
			w.CreatedBy = nil
		}
	}
	return f
}

// toCaller cuts frames below the first one of racebench's own that is outside
// everything of the candidate, and those above a panic, which only report it.
func toCaller(frames []result.Position) []result.Position {
	if at := slices.IndexFunc(frames, func(p result.Position) bool { return p.Function == "panic" }); at >= 0 {
		frames = frames[at+1:]
	}
	for i := lastOfCandidate(frames) + 1; i < len(frames); i++ {
		if ofRacebench(frames[i]) {
			return frames[:i+1]
		}
	}
	return frames
}

// lastOfCandidate is the index of the outermost frame in the candidate's
// packages, or -1.
func lastOfCandidate(frames []result.Position) int {
	for i, fr := range slices.Backward(frames) {
		if ofCandidate(fr) {
			return i
		}
	}
	return -1
}

func ofRacebench(p result.Position) bool { return strings.HasPrefix(p.File, "internal/") }

func ofCandidate(p result.Position) bool {
	dir, _, _ := strings.Cut(p.File, "/")
	return slices.Contains(result.Components(), result.Component(dir))
}

func place(p result.Position) string {
	s := terminal.Clean(p.File)
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	if p.Function != "" {
		s += "  " + terminal.Clean(p.Function)
	}
	return s
}
