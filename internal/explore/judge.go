package explore

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"racebench/internal/explore/engine"
	"racebench/internal/explore/trace"
)

// judge turns the evidence of one schedule into findings.
func (t *testSearch) judge(o *engine.Outcome) []*Finding {
	var all []*Finding
	for _, e := range o.Evidence {
		f := &Finding{Package: t.bin.Package.ImportPath, Test: t.report.Name, Output: o.Output, outcome: o, Trace: o.Trace}
		switch e {
		case engine.Race:
			all = append(all, raceFindings(f, o)...)
			continue
		case engine.Fail:
			f.Kind, f.Message = Invariant, failMessage(o.Output)
			f.signature = "fail"
		case engine.Panic, engine.Fatal:
			f.Kind = Panic
			if e == engine.Fatal {
				f.Kind = Fatal
			}
			at := trace.User(o.PanicStack)
			text, _, _ := strings.Cut(o.PanicText, "\n")
			f.Message = text + in(at)
			f.Positions = trace.Fold(o.PanicStack)
			f.signature = fmt.Sprintf("%s %s %s", f.Kind, digits.ReplaceAllString(text, "N"), at.Func)
		case engine.Deadlock:
			f.Kind = Deadlock
			f.Blocked = blocked(o, func(engine.Left) bool { return true })
			f.Message = deadlockMessage(o, f.Blocked)
			f.signature = "deadlock " + signature(f.Blocked)
		case engine.Leak:
			f.Kind = Leak
			f.Blocked = blocked(o, func(l engine.Left) bool {
				return l.Blocked && !l.Daemon && !l.Timed && l.Op != trace.Sleep && l.Reason != "IO wait"
			})
			f.Message = leakMessage(f.Blocked)
			if stuckOnLock(f.Blocked) {
				f.Kind, f.Partial = Deadlock, true
				f.Message = "partial deadlock: " + f.Message
			}
			f.signature = "leak " + signature(f.Blocked)
		case engine.Livelock:
			f.Kind = Livelock
			f.Blocked = blocked(o, func(engine.Left) bool { return true })
			f.Message = fmt.Sprintf("no progress in %d steps although every goroutine gets its turn", o.Steps)
			f.signature = "livelock"
		case engine.LockOrder:
			all = append(all, cycles(f, o)...)
			continue
		case engine.Exit:
			f.Kind, f.Message = Exit, fmt.Sprintf("the test ended the process with exit code %d", o.ExitCode)
			f.Detail = strings.Split(lastLines(o.Stderr, 20), "\n")
			f.signature = fmt.Sprintf("exit %d", o.ExitCode)
		default:
			continue // Hang: undecided, not a finding
		}
		if len(f.Positions) == 0 {
			for _, b := range f.Blocked {
				if u := trace.User(b.Stack); u.File != "" {
					f.Positions = append(f.Positions, u)
				}
			}
		}
		all = append(all, f)
	}
	return all
}

var digits = regexp.MustCompile(`0x[0-9a-f]+|[0-9]+`)

func in(f trace.Frame) string {
	if f.File == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", f)
}

// failMessage returns what a failed test said first. Test files go before
// others, which may only log, and for testify's multi-line messages the error
// stands for all.
func failMessage(output string) string {
	var first, inTest string
	lines := strings.Split(output, "\n")
	for i, l := range lines {
		l = strings.TrimSpace(l)
		if l == "" || strings.HasPrefix(l, "--- ") || strings.HasPrefix(l, "=== ") {
			continue
		}
		if first == "" {
			first = l
		}
		if testFile.MatchString(l) {
			inTest = l
			if strings.HasSuffix(l, ":") {
				inTest += testifyError(lines[i+1:])
			}
			break
		}
	}
	return cmp.Or(inTest, first, "the test fails")
}

var testFile = regexp.MustCompile(`^\S+_test\.go:[0-9]+:`)

// testifyError returns what stands after "Error:" in the next message, if it
// is one of testify's.
func testifyError(lines []string) string {
	for i, l := range lines {
		l = strings.TrimSpace(l)
		if testFile.MatchString(l) {
			break
		}
		if text, ok := strings.CutPrefix(l, "Error:"); ok {
			text = strings.TrimSpace(text)
			// "Not equal:" is followed by the values.
			if strings.HasSuffix(text, ":") {
				for _, more := range lines[i+1 : min(i+3, len(lines))] {
					text += " " + strings.Join(strings.Fields(more), " ")
				}
			}
			return " " + text
		}
	}
	return ""
}

func raceFindings(f *Finding, o *engine.Outcome) []*Finding {
	var all []*Finding
	seen := map[string]bool{}
	for _, r := range o.Races {
		g := *f
		g.Kind, g.Races = DataRace, []engine.RaceReport{r}
		var ends, funcs []string
		for i, a := range r.Accesses {
			u := trace.User(a.Stack)
			if u.File == "" && i < len(r.Created) {
				// Inside of sync the detector knows no callers: a WaitGroup that is
				// used again too early, say. Where the goroutine began says more.
				u = trace.User(r.Created[i].Stack)
			}
			verb, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(a.Title), "previous "), " at ")
			ends = append(ends, fmt.Sprintf("%s at %s", verb, u))
			funcs = append(funcs, verb+" "+u.Func)
			g.Positions = append(g.Positions, u)
		}
		slices.Sort(funcs)
		g.signature = "race " + strings.Join(funcs, ", ")
		g.Message = "data race: " + strings.Join(ends, " and ")
		if !seen[g.signature] {
			seen[g.signature] = true
			all = append(all, &g)
		}
	}
	return all
}

// cycles makes one finding of each circle of locks.
func cycles(f *Finding, o *engine.Outcome) []*Finding {
	var all []*Finding
	names := objects(o)
	for i := 0; ; i++ {
		g := *f
		g.Kind, g.Potential = LockOrder, true
		var parts, keys []string
		for _, e := range o.Edges {
			if e.Cycle != i {
				continue
			}
			g.Edges = append(g.Edges, e)
			from, to := names.Name(trace.Lock, e.From), names.Name(trace.Lock, e.To)
			parts = append(parts, fmt.Sprintf("goroutine %s takes %s at %s while it holds %s (since %s)", o.Goroutine(e.Goroutine).Name, to, e.ToSite, from, e.FromSite))
			keys = append(keys, e.FromSite.Func+">"+e.ToSite.Func)
			g.Positions = append(g.Positions, e.ToSite)
		}
		if len(g.Edges) == 0 {
			return all
		}
		slices.Sort(keys)
		g.signature = "lock-order " + strings.Join(keys, ", ")
		g.Message = fmt.Sprintf("locks are taken in a circle of %d, which can deadlock", len(g.Edges))
		g.Detail = parts
		all = append(all, &g)
	}
}

// blocked describes the goroutines that remain and are wanted, and who holds
// what they wait for.
func blocked(o *engine.Outcome, want func(engine.Left) bool) []Blocked {
	names := objects(o)
	var all []Blocked
	for _, l := range o.Left {
		// The root that waits for its test says nothing.
		if l.Ended || !want(l) || machinery(l.Stack) {
			continue
		}
		g := o.Goroutine(l.ID)
		if g.Name == "" {
			g = trace.Goroutine{ID: l.ID, Name: fmt.Sprintf("#%d", l.ID)} // beyond those that are listed
		}
		b := Blocked{Goroutine: g, Running: !l.Blocked, Op: l.Op, Object: names.Name(l.Op, l.Object), Reason: l.Reason, Stack: trace.Fold(l.Stack)}
		if l.Op != trace.WaitGroupWait && l.Object != 0 {
			for _, h := range o.Left {
				for _, x := range h.Held {
					if x.Object == l.Object {
						b.HeldBy = append(b.HeldBy, Holder{o.Goroutine(h.ID), x.Frame, h.Ended})
					}
				}
			}
		}
		all = append(all, b)
	}
	return all
}

// objects are the names that a trace of the schedule gives to its objects, so
// that what is said of them is the same everywhere.
func objects(o *engine.Outcome) *trace.Objects {
	if o.Trace != nil {
		return o.Trace.Objects
	}
	return new(trace.Objects)
}

// machinery reports whether a stack is all of package testing's.
func machinery(stack []trace.Frame) bool { return trace.User(stack) == trace.Frame{} }

// signature names blocked goroutines by what they do and where, without lines.
func signature(bs []Blocked) string {
	var keys []string
	for _, b := range bs {
		keys = append(keys, b.Op.String()+" "+trace.User(b.Stack).Func)
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), ", ")
}

// stuckOnLock reports whether somebody waits for a lock that is never given
// back.
func stuckOnLock(bs []Blocked) bool {
	return slices.ContainsFunc(bs, func(b Blocked) bool { return len(b.HeldBy) > 0 })
}

// String describes a blocked goroutine in one line.
func (b Blocked) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "goroutine %s", b.Goroutine.Name)
	if b.Goroutine.Created.File != "" && !b.Goroutine.Created.Library() {
		fmt.Fprintf(&s, " (created at %s)", b.Goroutine.Created)
	}
	verb := "waits"
	if b.Running {
		verb = "goes on"
	}
	fmt.Fprintf(&s, " %s in %s", verb, waiting(b))
	if b.Object != "" {
		fmt.Fprintf(&s, " for %s", b.Object)
	}
	if u := trace.User(b.Stack); u.File != "" {
		fmt.Fprintf(&s, " at %s", u)
	}
	for _, h := range b.HeldBy {
		who := "goroutine " + h.Goroutine.Name
		if h.Goroutine.ID == b.Goroutine.ID {
			who = "itself"
		} else if h.Ended {
			who += ", which has ended,"
		}
		fmt.Fprintf(&s, ", held by %s since %s", who, h.Since)
	}
	return s.String()
}

func waiting(b Blocked) string {
	if b.Op == trace.None || b.Op == trace.Start {
		return b.Reason
	}
	return b.Op.String()
}

func deadlockMessage(o *engine.Outcome, bs []Blocked) string {
	if o.TimedOut {
		return fmt.Sprintf("the test waits for ever: nothing but timers beyond %v of virtual time can go on", o.Now)
	}
	switch len(bs) {
	case 0:
		return "deadlock: the test waits for ever"
	case 1:
		return "deadlock: " + bs[0].String()
	}
	return fmt.Sprintf("deadlock of %d goroutines: %s", len(bs), telling(bs))
}

// telling is the goroutine that says most: one that waits for another's lock,
// or else for a message, or else for the end of others.
func telling(bs []Blocked) Blocked {
	rank := func(b Blocked) int {
		switch {
		case len(b.HeldBy) > 0:
			return 0
		case b.Op == trace.WaitGroupWait:
			return 2
		}
		return 1
	}
	return slices.MinFunc(bs, func(a, b Blocked) int { return rank(a) - rank(b) })
}

func leakMessage(bs []Blocked) string {
	if len(bs) == 0 {
		return "a goroutine remains after the test"
	}
	s := bs[0].String() + " after the end of the test"
	if len(bs) > 1 {
		s += fmt.Sprintf(" (and %d more)", len(bs)-1)
	}
	return s
}

// short returns the name of a file relative to dir, if it is below it.
func short(dir, file string) string {
	if rel, err := filepath.Rel(dir, file); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return file
}
