package scoring

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"racebench/internal/result"
)

// evidence is a Result as the categories ask of it.
type evidence struct {
	r        *result.Result
	total    int // iterations that count
	passed   int
	complete int
}

func newEvidence(r *result.Result) *evidence {
	f := &evidence{r: r, total: max(r.Requested, len(r.Iterations))}
	if r.Interrupted {
		f.total = len(r.Iterations)
	}
	if r.Stopped == result.Decisive {
		// How many iterations passed before is chance, and would make the status
		// chance, too.
		return f
	}
	for _, it := range r.Iterations {
		if it.Passed && it.Complete {
			f.passed++
		}
		if it.Complete {
			f.complete++
		}
	}
	return f
}

// find lists the confirmed error-level findings that match.
func (f *evidence) find(match func(result.Finding) bool) []result.Finding {
	var out []result.Finding
	for _, x := range f.r.Findings {
		if x.Confirmed && x.Severity == result.Error && match(x) {
			out = append(out, x)
		}
	}
	return out
}

func ids(fs []result.Finding) []string {
	out := make([]string, len(fs))
	for i, x := range fs {
		out[i] = x.ID
	}
	return out
}

// describe names the first finding and counts the others.
func describe(fs []result.Finding) string {
	if len(fs) == 0 {
		return ""
	}
	x := fs[0]
	where := x.Scenario
	if where == "" {
		where = string(x.Component)
	}
	text := string(x.Kind)
	if where != "" {
		text += " in " + where
	}
	text += ": " + x.Message
	if len(fs) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(fs)-1)
	}
	return text
}

func (f *evidence) share(n int) *big.Rat {
	if f.total == 0 {
		return new(big.Rat)
	}
	return big.NewRat(int64(n), int64(f.total))
}

// gate returns the status and reason of a candidate that is not scored at all.
func (f *evidence) gate() (reason string, status Status) {
	if f.r.Candidate.Unjudgeable != "" {
		return f.r.Candidate.Unjudgeable, Error
	}
	if fs := f.gateFindings(); len(fs) > 0 {
		return describe(fs), Fail
	}
	return "", ""
}

func (f *evidence) gateFindings() []result.Finding {
	return f.find(func(x result.Finding) bool { return Forfeits(x) || x.Origin == result.FromGate })
}

// Forfeits reports whether a finding costs everything, wherever it was made: the
// candidate cheated, or ran into a limit that no fix comes near.
func Forfeits(f result.Finding) bool {
	return f.Kind == result.Hostile || f.Kind == result.Exit || f.Kind == result.ResourceLimit
}

func (f *evidence) gateIDs() []string {
	if f.r.Candidate.Unjudgeable != "" {
		return ids(f.find(func(x result.Finding) bool { return x.Origin == result.FromCandidate }))
	}
	return ids(f.gateFindings())
}

func (f *evidence) race(t *tally) {
	t.Summary = fmt.Sprintf("%d of %d iterations passed", f.passed, f.total)
	if f.total == 0 {
		t.lowerTo(new(big.Rat), "no iteration was run", nil)
		return
	}
	fs := f.find(func(x result.Finding) bool { return raceKinds[x.Kind] })
	points := int64(0)
	share := f.share(f.passed)
	for _, b := range raceBands {
		if share.Cmp(b.from) >= 0 {
			points = b.points
			break
		}
	}
	reason := t.Summary
	if len(fs) > 0 {
		reason += "; " + describe(fs)
	} else if f.r.Stopped != "" {
		reason += ": " + f.r.Stopped
	}
	t.lowerTo(big.NewRat(points, 1), reason, ids(fs))
	explored := f.find(func(x result.Finding) bool { return raceKinds[x.Kind] && x.Origin == result.FromExploration })
	if len(explored) > 0 {
		t.lowerTo(big.NewRat(cappedPoints, 1), "a schedule that fails was found: "+describe(explored), ids(explored))
	}
	measured := f.find(func(x result.Finding) bool { return raceKinds[x.Kind] && x.Origin == result.FromMeasurement })
	if len(measured) > 0 {
		t.lowerTo(big.NewRat(cappedPoints, 1), "fails while its speed is measured: "+describe(measured), ids(measured))
	}
}

func (f *evidence) deadlockFindings() []result.Finding {
	return f.find(func(x result.Finding) bool {
		return deadlockKinds[x.Kind] || x.Kind == result.Static && x.Potential
	})
}

func (f *evidence) deadlock(t *tally) {
	t.Summary = fmt.Sprintf("%d of %d iterations ran to their end", f.complete, f.total)
	if f.total == 0 {
		t.lowerTo(new(big.Rat), "no iteration was run", nil)
		return
	}
	fs := f.deadlockFindings()
	var mild, grave []result.Finding
	seen := map[int]bool{}
	for _, x := range fs {
		switch {
		case x.Potential, x.Origin == result.FromExploration:
			mild = append(mild, x)
		default:
			grave = append(grave, x)
			for _, i := range x.Iterations {
				seen[i] = true
			}
		}
	}
	if len(grave) > 0 && len(seen) > 0 && f.share(len(seen)).Cmp(rareShare) < 0 {
		mild, grave = append(mild, grave...), nil
	}
	switch {
	case len(grave) > 0:
		t.lowerTo(new(big.Rat), describe(grave), ids(grave))
	case len(mild) > 0:
		t.lowerTo(big.NewRat(potentialPoints, 1), describe(mild), ids(mild))
	}
	t.scale(f.share(f.complete), t.Summary)
}

func (f *evidence) sync(t *tally) {
	max := new(big.Rat).Set(t.points)
	third := new(big.Rat).Quo(max, big.NewRat(3, 1))
	var sound []string
	for _, c := range result.Components() {
		errs := f.find(func(x result.Finding) bool { return x.Component == c && breaksAtomicity(x) })
		var warnings []result.Finding
		for _, x := range f.r.Findings {
			if x.Component == c && x.Kind == result.Static && x.Severity == result.Warning {
				warnings = append(warnings, x)
			}
		}
		switch {
		case len(errs) > 0:
			t.lowerTo(new(big.Rat).Sub(t.points, third), string(c)+": "+describe(errs), ids(errs))
		case len(warnings) > 0:
			half := new(big.Rat).Quo(third, big.NewRat(2, 1))
			t.lowerTo(new(big.Rat).Sub(t.points, half), string(c)+": "+describe(warnings), ids(warnings))
		default:
			sound = append(sound, string(c))
		}
	}
	if len(sound) == len(result.Components()) {
		t.Summary = "no anti-pattern, critical sections atomic"
	} else if len(sound) > 0 {
		t.Summary = "sound: " + strings.Join(sound, ", ")
	} else {
		t.Summary = "no component is sound"
	}
	if !f.r.RulesRan {
		t.Undecided = "the static rules were not applied"
	}
}

// Costs lists the categories that lose points by a finding of its own account,
// in rubric order.
func Costs(x result.Finding) []CategoryID {
	var ids []CategoryID
	proved := x.Confirmed && x.Severity == result.Error
	if proved {
		// An iteration that fails, for whatever reason, is no passed race test.
		if raceKinds[x.Kind] || x.Origin == result.FromHammer && len(x.Iterations) > 0 {
			ids = append(ids, RaceTests)
		}
		if deadlockKinds[x.Kind] || x.Kind == result.Static && x.Potential {
			ids = append(ids, Deadlocks)
		}
	}
	if x.Kind == result.Static && x.Severity == result.Warning || proved && breaksAtomicity(x) {
		ids = append(ids, Sync)
	}
	if proved && x.Kind == result.OverLocking {
		ids = append(ids, Performance)
	}
	return ids
}

// breaksAtomicity reports whether x costs its component the whole third.
func breaksAtomicity(x result.Finding) bool {
	switch {
	case x.Kind == result.Static || x.Kind == result.LockOrder && x.Origin == result.FromRules:
		return true
	case atomicityKinds[x.Kind]:
		return true
	case x.Kind == result.Invariant:
		for _, s := range x.Contract {
			if atomicSentences[s] {
				return true
			}
		}
	}
	return false
}

func (f *evidence) performance(t *tally) {
	m := f.r.Measurement
	if f.passed == 0 && f.total > 0 {
		t.Summary = "not measured: no iteration passed"
		t.scale(new(big.Rat), "points are multiplied by the share of iterations that passed: none did")
		return
	}
	var failed []string
	if m != nil {
		for _, p := range m.Probes {
			if probeFailed(p) {
				failed = append(failed, fmt.Sprintf("%s (%s): %s", p.Name, p.Sentence, p.Observed))
			}
		}
	}
	if len(failed) > 0 {
		over := f.find(func(x result.Finding) bool { return x.Kind == result.OverLocking })
		t.Summary = "over-locking"
		t.lowerTo(new(big.Rat), "over-locking: "+strings.Join(failed, "; "), ids(over))
	}
	if len(failed) == 0 && (m == nil || m.Skipped != "") {
		t.Undecided = "performance was not measured"
		if m != nil {
			t.Undecided += ": " + m.Skipped
		}
		t.Summary = t.Undecided
		t.scale(f.share(f.passed), "points are multiplied by the share of iterations that passed")
		return
	}
	worst, ok := worstSlowdown(m)
	if !ok && len(failed) > 0 {
		return
	}
	if !ok {
		t.Undecided = "no workload could be measured"
		t.Summary = t.Undecided
		return
	}
	t.Summary = fmt.Sprintf("slowdown %.2fx (%s, interval %.2f to %.2f)", worst.Ratio, worst.Component, worst.Low, worst.High)
	points := int64(0)
	for _, b := range slowdownBands {
		// An interval that straddles a border earns the better band.
		if new(big.Rat).SetFloat64(worst.Low).Cmp(b.from) <= 0 {
			points = b.points
			break
		}
	}
	t.lowerTo(big.NewRat(points, 1), fmt.Sprintf("%s is %.2fx slower than the textbook fix", worst.Component, worst.Ratio), nil)
	if m.CandidateTime >= SlowSuite && m.CandidateTime > slowSuiteRatio*m.BaselineTime && m.BaselineTime > 0 {
		t.lowerTo(big.NewRat(slowSuiteCap, 1), fmt.Sprintf("%d iterations take %s, the textbook fix takes %s",
			MinIterations, m.CandidateTime.Round(time.Second), m.BaselineTime.Round(time.Second)), nil)
	}
	t.scale(f.share(f.passed), "points are multiplied by the share of iterations that passed")
}

func probeFailed(p result.Probe) bool { return !p.Passed }

func worstSlowdown(m *result.Measurement) (result.Slowdown, bool) {
	var worst result.Slowdown
	for _, s := range m.Slowdown {
		if s.Low > worst.Low || worst.Component == "" {
			worst = s
		}
	}
	return worst, worst.Component != ""
}

// defective reports whether something is wrong with the candidate beyond doubt,
// which no trouble of racebench's own can take back.
func (f *evidence) defective() bool {
	return len(f.find(func(x result.Finding) bool {
		return x.Kind != result.Slow
	})) > 0
}

func (f *evidence) criteria(ts []*tally) []Criterion {
	atomic := true
	for _, c := range result.Components() {
		if len(f.find(func(x result.Finding) bool { return x.Component == c && breaksAtomicity(x) })) > 0 {
			atomic = false
		}
	}
	slow := false
	if m := f.r.Measurement; m != nil {
		w, ok := worstSlowdown(m)
		slow = ok && w.Low >= maxSlowdown || slices.ContainsFunc(m.Probes, probeFailed)
	}
	_, gated := f.gate()
	passed := gated == ""
	asked := func(name string, held bool) Criterion {
		return Criterion{Name: name, Held: held && passed, Open: !passed}
	}
	return []Criterion{
		asked(fmt.Sprintf("%d of %d consecutive iterations pass, and no schedule fails", f.total, f.total), !ts[0].Lost()),
		asked("no deadlock, leak or livelock", !ts[1].Lost()),
		asked("no error-level finding, critical sections atomic", atomic),
		asked(fmt.Sprintf("slowdown below %dx, no over-locking (L1 to L4)", maxSlowdown), !slow),
		{Name: "API and behaviour preserved", Held: passed},
	}
}

// undecided lists what racebench itself could not do.
func (f *evidence) undecided(ts []*tally) []string {
	var out []string
	for _, c := range f.r.Capabilities {
		if c.Required && !c.Available && !c.Waived {
			out = append(out, "missing: "+c.Name+detail(c.Detail))
		}
	}
	bad := map[string]bool{}
	for _, c := range f.r.Canary {
		if !c.OK && !bad[c.Detector] {
			bad[c.Detector] = true
			what := "missed its planted defect"
			if !c.Planted {
				what = "accused a right twin"
			}
			out = append(out, fmt.Sprintf("canary: detector %q %s%s", c.Detector, what, detail(c.Message)))
		}
	}
	if len(f.r.Canary) == 0 && f.r.Candidate.Unjudgeable == "" {
		out = append(out, "the canary was not run")
	}
	out = append(out, f.r.Trouble...)
	for _, c := range result.Components() {
		if !slices.ContainsFunc(f.r.Gate, func(g result.Gate) bool { return g.Component == c && g.Ran }) {
			out = append(out, fmt.Sprintf("the gate of %s was not run", c))
		}
	}
	undecidedHistories := 0
	for _, s := range f.r.Scenarios {
		undecidedHistories += s.Undecided
	}
	if undecidedHistories > 0 {
		out = append(out, fmt.Sprintf("%d histories could not be checked in time", undecidedHistories))
	}
	if f.r.Requested < MinIterations {
		out = append(out, fmt.Sprintf("a pass needs %d iterations, %d were asked for", MinIterations, f.r.Requested))
	} else if len(f.r.Iterations) < f.r.Requested {
		out = append(out, fmt.Sprintf("only %d of %d iterations were run%s", len(f.r.Iterations), f.r.Requested, detail(f.r.Stopped)))
	}
	for _, t := range ts {
		if t.Undecided != "" {
			out = append(out, t.Undecided)
		}
	}
	return out
}

func detail(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
