package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"racebench/internal/contract"
	"racebench/internal/result"
	"racebench/internal/scoring"
	"racebench/internal/terminal"
)

// maxShownFindings bounds what the terminal shows; every finding is in the
// JSON report.
const maxShownFindings = 12

// Text writes the document for people, fitted to the stream.
func Text(out *terminal.Stream, d Document, verbose bool) error {
	if d.Brief {
		d = brief(d)
	}
	var b bytes.Buffer
	p := &printer{out: out, w: &b, cited: make(map[string]bool)}
	p.header(d)
	if d.Score == nil || verbose {
		p.scenarios(d.Result)
		p.explorations(d.Result)
	}
	p.findings(d, verbose)
	if d.Score != nil {
		p.score(d.Score)
	}
	p.footer(d, verbose)
	_, err := out.Write(b.Bytes())
	return err
}

// plainText is Text for a file: 80 columns, no colour, everything.
func plainText(w io.Writer, d Document) error {
	return Text(terminal.Of(w, terminal.Never, func(string) string { return "" }), d, true)
}

type printer struct {
	out *terminal.Stream
	w   *bytes.Buffer
	// cited are the sentences of the contract that have been printed.
	cited map[string]bool
}

func (p *printer) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

func (p *printer) header(d Document) {
	r := d.Result
	race := 0
	for _, it := range r.Iterations {
		if it.Race {
			race++
		}
	}
	p.printf("%s %s  %s %s/%s, %d CPUs\n", p.out.Strong("racebench"), r.Tool.Version, r.Tool.GoVersion, r.Tool.OS, r.Tool.Arch, r.Tool.CPUs)
	what := "built-in components"
	if !r.Candidate.Builtin {
		what = terminal.Clean(r.Candidate.Name)
	}
	done := fmt.Sprintf("%d iterations (%d with the race detector)", len(r.Iterations), race)
	if r.Requested == 0 {
		done = counted(schedules(r), "controlled schedule")
	}
	line := fmt.Sprintf("%s: %s in %s", what, done, r.Elapsed.Round(100*time.Millisecond))
	if r.Seed != 0 { // a brief report has none
		line += fmt.Sprintf(", seed %d", r.Seed)
	}
	p.printf("%s\n\n", wrap(line, p.out.Width, ""))
}

func (p *printer) scenarios(r *result.Result) {
	if len(r.Scenarios) == 0 {
		return
	}
	rows := make([][]string, 0, len(r.Scenarios))
	var ops uint64
	for _, s := range r.Scenarios {
		status := p.out.Good("ok")
		switch {
		case s.Failures > 0 || s.Incomplete > 0:
			status = p.out.Bad("FAIL")
		case s.Undecided > 0:
			status = p.out.Doubtful("undecided")
		case s.Runs == 0:
			status = p.out.Doubtful("not run")
		}
		perRun := time.Duration(0)
		if s.Runs > 0 {
			perRun = s.Elapsed / time.Duration(s.Runs)
		}
		ops += s.Operations
		rows = append(rows, []string{s.Name, fmt.Sprint(s.Runs), fmt.Sprint(s.Failures), fmt.Sprint(s.Operations), perRun.Round(10 * time.Microsecond).String(), status})
	}
	table(p.w, p.out.Width, []string{"scenario", "runs", "failed", "calls", "time", "status"}, rows, []bool{false, true, true, true, true, false}, nil)
	p.printf("\n")
}

func (p *printer) explorations(r *result.Result) {
	if len(r.Explorations) == 0 {
		return
	}
	var rows [][]string
	for _, e := range r.Explorations {
		rows = append(rows, []string{string(e.Component), fmt.Sprint(e.Schedules), fmt.Sprint(e.Distinct), e.Strategy})
	}
	table(p.w, p.out.Width, []string{"component", "controlled schedules", "different", "strategy"}, rows, []bool{false, true, true, false}, nil)
	p.printf("\n")
}

func (p *printer) findings(d Document, verbose bool) {
	fs := slices.Clone(d.Result.Findings)
	slices.SortStableFunc(fs, func(a, b result.Finding) int {
		return cmp.Or(
			cmp.Compare(rank(a), rank(b)),
			cmp.Compare(slices.Index(result.Components(), a.Component), slices.Index(result.Components(), b.Component)),
			-cmp.Compare(precise(a), precise(b)),
		)
	})
	shown := fs
	if !verbose {
		shown = choose(fs, maxShownFindings)
	}
	for _, f := range shown {
		p.finding(d, f, verbose)
	}
	if n := len(fs) - len(shown); n > 0 {
		p.printf("%s\n\n", p.out.Faint(fmt.Sprintf("… and %s (--verbose shows them, --report json=FILE keeps them)", counted(n, "more finding"))))
	}
}

// choose takes n findings, in their order: of each rank first one of every
// kind in every component, then a second one, and so on. Otherwise the many
// witnesses of one defect would hide the others.
func choose(fs []result.Finding, n int) []result.Finding {
	if len(fs) <= n {
		return fs
	}
	type sort struct {
		component result.Component
		kind      result.Kind
	}
	seen := map[sort]int{}
	turn := make([]int, len(fs))
	order := make([]int, len(fs))
	for i, f := range fs {
		of := sort{f.Component, f.Kind}
		turn[i], order[i] = seen[of], i
		seen[of]++
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(rank(fs[a]), rank(fs[b])), cmp.Compare(turn[a], turn[b]))
	})
	order = order[:n]
	slices.Sort(order)
	chosen := make([]result.Finding, n)
	for i, at := range order {
		chosen[i] = fs[at]
	}
	return chosen
}

// rank puts what stops everything else first.
func rank(f result.Finding) int {
	switch {
	case f.Kind == result.Hostile || f.Kind == result.Exit:
		return 0
	case f.Origin == result.FromCandidate || f.Origin == result.FromGate:
		return 1
	case f.Severity == result.Error:
		return 2
	}
	return 3
}

// precise is 1 for what names the line to mend, which the reader wants first, and
// 0 for what proves that something is wrong.
func precise(f result.Finding) int {
	if f.Origin == result.FromRules {
		return 1
	}
	return 0
}

func (p *printer) finding(d Document, f result.Finding, verbose bool) {
	mark := p.out.Bad("FAIL")
	switch {
	case f.Severity == result.Warning:
		mark = p.out.Doubtful("WARN")
	case f.Severity == result.Note:
		mark = p.out.Faint("NOTE")
	}
	p.printf("%s  %s", mark, p.out.Strong(heading(f)))
	if n := len(f.Iterations); n > 0 {
		p.printf("  %d of %s", n, ofHowMany(d.Result, f))
	}
	p.printf("\n")
	p.printf("%s\n", wrap(terminal.Clean(f.Message), p.out.Width, "      "))
	p.cite(f.Contract)
	for _, line := range strings.Split(strings.TrimRight(findingBody(f, max(0, p.out.Width-6), verbose), "\n"), "\n") {
		if line != "" {
			p.printf("      %s\n", line)
		}
	}
	if f.Repro.Command != "" {
		// Never wrapped: it is there to be copied.
		p.printf("      reproduce: %s\n", p.out.Strong(terminal.Clean(f.Repro.Command)))
	}
	if f.Rule != "" {
		p.printf("      about the rule: %s\n", p.out.Strong("racebench explain "+terminal.Clean(f.Rule)))
	}
	p.printf("\n")
}

// ofHowMany says in how many iterations a finding could have shown: of a scenario
// that was given up after some hangs, in those that ran it.
func ofHowMany(r *result.Result, f result.Finding) string {
	total := max(len(r.Iterations), len(f.Iterations))
	for _, s := range r.Scenarios {
		if s.Name == f.Scenario && s.Runs >= len(f.Iterations) && s.Runs < total {
			return fmt.Sprintf("the %s it had", counted(s.Runs, "run"))
		}
	}
	return counted(total, "iteration")
}

// cite prints the sentences of the contract that are named, each once.
func (p *printer) cite(names []string) {
	for _, name := range names {
		text, ok := contract.Sentence(name)
		if !ok || p.cited[name] {
			continue
		}
		p.cited[name] = true
		p.printf("%s\n", p.out.Faint(wrap(name+": "+text, p.out.Width, "      ")))
	}
}

func pointsText(s *scoring.Score) string {
	if s.Score != nil {
		return fmt.Sprintf("%.1f / %g", *s.Score, s.MaxScore)
	}
	return "none"
}

func (p *printer) score(s *scoring.Score) {
	var rows [][]string
	told := map[string]bool{}
	for _, c := range s.Categories {
		points := fmt.Sprintf("%.1f / %g", c.Points, c.Max)
		reasons := []string{terminal.Clean(c.Summary)}
		switch {
		case c.Lost():
			points = p.out.Bad(points)
			reasons = nil
			for _, l := range c.Losses {
				reason := terminal.Clean(l.Reason)
				if told[reason] {
					reason = "for the same reason"
				}
				told[terminal.Clean(l.Reason)] = true
				reasons = append(reasons, fmt.Sprintf("-%.1f: %s", l.Points, reason))
			}
		case c.Undecided != "":
			points = p.out.Doubtful(points)
		default:
			points = p.out.Good(points)
		}
		rows = append(rows, []string{c.Name, points, strings.Join(reasons, "\n")})
	}
	status := s.StatusText()
	if s.Score == nil && s.Provisional != nil {
		status += fmt.Sprintf(", provisionally %.1f", *s.Provisional)
	}
	switch s.ExitCode() {
	case 0:
		status = p.out.Good(status)
	case 1:
		status = p.out.Bad(status)
	default:
		status = p.out.Doubtful(status)
	}
	table(p.w, p.out.Width, []string{"category", "points", "reason"}, rows, []bool{false, true, false}, []string{"Total", pointsText(s), status})
	p.printf("\n")
	p.printf("%s\n", wrap(terminal.Clean(s.Message), p.out.Width, ""))
	p.criteria(s)
	p.printf("%s\n", wrap(s.Confidence, p.out.Width, ""))
}

// criteria names the success criteria that were not met. Of a candidate that
// could not be judged there is nothing to say but why; where racebench could
// not do its work, a criterion that is open is not broken.
func (p *printer) criteria(s *scoring.Score) {
	mark := p.out.Bad("not held:")
	switch {
	case s.Status == scoring.Error:
		return
	case s.Score == nil:
		mark = p.out.Doubtful("not shown to hold:")
	}
	for _, c := range s.Criteria {
		if !c.Held && !c.Open {
			p.printf("%s %s\n", mark, c.Name)
		}
	}
}

func (p *printer) footer(d Document, verbose bool) {
	r := d.Result
	if d.Score == nil {
		status := RunStatus(r)
		text := status + ": " + runMessage(r)
		switch status {
		case "clean":
			text = p.out.Good(text)
		case "findings":
			text = p.out.Bad(text)
		default:
			text = p.out.Doubtful(text)
		}
		p.printf("%s\n", text)
		conf := scoring.Of(r).Confidence
		p.printf("%s\n", wrap(conf, p.out.Width, ""))
		for _, c := range r.Canary {
			if !c.OK {
				p.printf("%s\n", p.out.Doubtful(wrap("canary: detector "+c.Detector+" cannot be trusted: "+terminal.Clean(c.Message), p.out.Width, "")))
			}
		}
		for _, t := range r.Trouble {
			p.printf("%s\n", p.out.Doubtful(wrap("trouble: "+terminal.Clean(t), p.out.Width, "")))
		}
	}
	for _, c := range r.Capabilities {
		if !c.Available {
			p.printf("%s\n", p.out.Doubtful(wrap(fmt.Sprintf("missing: %s (%s)", c.Name, terminal.Clean(c.Detail)), p.out.Width, "")))
		}
	}
	for _, n := range r.Candidate.Notes {
		p.printf("%s\n", p.out.Faint(wrap("note: "+terminal.Clean(n), p.out.Width, "")))
	}
	for _, l := range alike(r.Limits) {
		p.printf("%s\n", p.out.Faint(wrap("limit: "+terminal.Clean(l), p.out.Width, "")))
	}
	if verbose {
		for _, pr := range r.Protections {
			state := "in force"
			if !pr.InForce {
				state = "not in force"
			}
			line := fmt.Sprintf("protection: %s %s", pr.Name, state)
			if pr.Detail != "" {
				line += fmt.Sprintf(" (%s)", terminal.Clean(pr.Detail))
			}
			p.printf("%s\n", p.out.Faint(wrap(line, p.out.Width, "")))
		}
	}
	if r.Stopped != "" {
		p.printf("%s\n", p.out.Doubtful(wrap("stopped early: "+terminal.Clean(r.Stopped), p.out.Width, "")))
	}
	if r.Interrupted {
		p.printf("%s\n", p.out.Doubtful("interrupted: this result is partial"))
	}
}

// alike makes one line of lines that differ in their first word alone, as what
// is said of one scenario after the other does.
func alike(lines []string) []string {
	at := map[string]int{} // by all words but the first
	var out []string
	for _, l := range lines {
		first, rest, ok := strings.Cut(l, " ")
		i, seen := at[rest]
		if !ok || !seen {
			at[rest] = len(out)
			out = append(out, l)
			continue
		}
		names := strings.TrimPrefix(strings.TrimSuffix(out[i], " "+rest), "each of ")
		out[i] = "each of " + names + ", " + first + " " + rest
	}
	return out
}

// wrap breaks text at spaces so that no line is longer than width columns, and
// begins every line with indent. A word longer than that stays whole.
func wrap(text string, width int, indent string) string {
	var lines []string
	for _, par := range strings.Split(text, "\n") {
		line := indent
		for _, word := range strings.Fields(par) {
			switch {
			case line == indent:
				line += word
			case width > 0 && len([]rune(line))+1+len([]rune(word)) > width:
				lines = append(lines, line)
				line = indent + word
			default:
				line += " " + word
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// hang wraps text and indents all lines but the first by n columns.
func hang(text string, width, n int) string {
	if width > 0 {
		width -= n
	}
	return strings.ReplaceAll(wrap(text, width, ""), "\n", "\n"+strings.Repeat(" ", n))
}
