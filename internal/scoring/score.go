package scoring

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"racebench/internal/result"
)

// Status is the verdict on a candidate.
type Status string

// The statuses. Their meaning is in docs/rubric.md.
const (
	Pass         Status = "pass"
	Partial      Status = "partial"
	Fail         Status = "fail"
	Error        Status = "error"
	Inconclusive Status = "inconclusive"
	Interrupted  Status = "interrupted"
)

// Loss is points that a category lost, with the reason and the findings that
// cost them.
type Loss struct {
	Points   float64  `json:"points"`
	Reason   string   `json:"reason"`
	Findings []string `json:"findings,omitempty"`
}

// Category is one row of a score.
type Category struct {
	ID     CategoryID `json:"id"`
	Name   string     `json:"name"`
	Max    float64    `json:"max"`
	Points float64    `json:"points"`
	// Summary says in a line what was seen, also where nothing was lost.
	Summary string `json:"summary"`
	Losses  []Loss `json:"losses,omitempty"`
	// Undecided says why the category could not be judged to its end.
	Undecided string `json:"undecided,omitempty"`
}

// Lost reports whether the category lost points.
func (c Category) Lost() bool { return len(c.Losses) > 0 }

// Score is the rubric applied to a Result. Its first four fields are what
// graders of the task read.
type Score struct {
	// Score is nil where racebench could not do its work.
	Score    *float64 `json:"score"`
	MaxScore float64  `json:"max_score"`
	Status   Status   `json:"status"`
	Message  string   `json:"message"`
	// Provisional is what the evidence so far would earn where Score is nil.
	Provisional *float64   `json:"provisional_score,omitempty"`
	Categories  []Category `json:"categories"`
	// Criteria are the success criteria of the task, each held or not.
	Criteria []Criterion `json:"criteria"`
	// Inconclusive lists what kept racebench from deciding.
	Inconclusive []string `json:"inconclusive,omitempty"`
	// Waived names what the user accepted to be missing.
	Waived     []string `json:"waived,omitempty"`
	Confidence string   `json:"confidence"`
}

// Criterion is one success criterion of the task.
type Criterion struct {
	Name string `json:"name"`
	Held bool   `json:"held"`
	// Open: nothing was looked at for it, since the candidate did not pass the gate.
	Open bool `json:"open,omitempty"`
}

// LostCategories lists the categories that lost points, in rubric order.
func (s Score) LostCategories() []CategoryID {
	var ids []CategoryID
	for _, c := range s.Categories {
		if c.Lost() {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// StatusText is the status as people read it: a pass that was granted without
// some evidence says so.
func (s Score) StatusText() string {
	if s.Status == Pass && len(s.Waived) > 0 {
		return fmt.Sprintf("pass (without %s)", strings.Join(s.Waived, ", "))
	}
	return string(s.Status)
}

// ExitCode maps the status to the exit code of the process.
func (s Score) ExitCode() int {
	switch s.Status {
	case Pass:
		return 0
	case Inconclusive:
		return 3
	case Interrupted:
		return 130
	default:
		return 1
	}
}

// tally is points being counted exactly.
type tally struct {
	Category
	points *big.Rat
}

func newTally(r rubricCategory) *tally {
	return &tally{
		Category: Category{ID: r.id, Name: r.name, Max: float64(r.points)},
		points:   big.NewRat(r.points, 1),
	}
}

// lowerTo takes the points down to at most to, for the given reason.
func (t *tally) lowerTo(to *big.Rat, reason string, findings []string) {
	if t.points.Cmp(to) <= 0 {
		return
	}
	lost := new(big.Rat).Sub(t.points, to)
	t.points = new(big.Rat).Set(to)
	t.Losses = append(t.Losses, Loss{Points: round(lost), Reason: reason, Findings: findings})
}

// scale multiplies the points by share.
func (t *tally) scale(share *big.Rat, reason string) {
	t.lowerTo(new(big.Rat).Mul(t.points, share), reason, nil)
}

// Of applies the rubric to what was seen.
func Of(r *result.Result) Score {
	s := Score{MaxScore: MaxScore, Confidence: confidence(r)}
	for _, c := range r.Capabilities {
		if c.Waived && !c.Available {
			s.Waived = append(s.Waived, c.Name)
		}
	}
	tallies := make([]*tally, len(rubric))
	for i, row := range rubric {
		tallies[i] = newTally(row)
	}
	f := newEvidence(r)
	switch reason, status := f.gate(); {
	case status != "":
		for _, t := range tallies {
			t.lowerTo(new(big.Rat), "not scored: "+reason, f.gateIDs())
			t.Summary = "not scored"
		}
		s.Status, s.Message = status, reason
	default:
		f.race(tallies[0])
		f.deadlock(tallies[1])
		f.sync(tallies[2])
		f.performance(tallies[3])
	}
	total := new(big.Rat)
	for _, t := range tallies {
		total.Add(total, t.points)
		t.Points = round(t.points)
		s.Categories = append(s.Categories, t.Category)
	}
	s.Criteria = f.criteria(tallies)
	if s.Status == "" {
		s.Inconclusive = f.undecided(tallies)
	}
	f.settle(&s, total)
	return s
}

// settle decides status, message and score from the total. The precedence is
// the rubric's: interrupted, a confirmed finding, inconclusive, pass.
func (f *evidence) settle(s *Score, total *big.Rat) {
	points := round(total)
	allHeld := !slices.ContainsFunc(s.Criteria, func(c Criterion) bool { return !c.Held })
	switch {
	case f.r.Interrupted:
		s.Status = Interrupted
		s.Provisional = &points
		s.Message = fmt.Sprintf("interrupted after %d of %d iterations; the points are provisional", len(f.r.Iterations), f.r.Requested)
		return
	case s.Status != "": // the gate has spoken
		s.Score = &points
		return
	case !f.defective() && len(s.Inconclusive) > 0:
		s.Status = Inconclusive
		s.Provisional = &points
		s.Message = "racebench could not decide: " + strings.Join(s.Inconclusive, "; ")
		return
	}
	s.Score = &points
	switch {
	case allHeld && total.Cmp(big.NewRat(PassMark, 1)) >= 0:
		s.Status = Pass
		s.Message = "every success criterion holds"
		if lost := s.LostCategories(); len(lost) > 0 {
			s.Message += "; points lost in " + joinIDs(lost)
		}
	case total.Cmp(big.NewRat(PartialMark, 1)) >= 0:
		s.Status = Partial
		s.Message = s.firstReason()
	default:
		s.Status = Fail
		s.Message = s.firstReason()
	}
	if len(s.Inconclusive) > 0 {
		s.Message += " (and racebench could not decide everything: " + strings.Join(s.Inconclusive, "; ") + ")"
	}
}

// firstReason is the reason for the largest loss.
func (s *Score) firstReason() string {
	var best Loss
	for _, c := range s.Categories {
		for _, l := range c.Losses {
			if l.Points > best.Points {
				best = l
			}
		}
	}
	if best.Reason != "" {
		return best.Reason
	}
	for _, c := range s.Criteria {
		if !c.Held {
			return "not held: " + c.Name
		}
	}
	return ""
}

func joinIDs(ids []CategoryID) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = string(id)
	}
	return strings.Join(parts, ", ")
}

// round gives a fraction to one decimal, halves away from zero.
func round(r *big.Rat) float64 {
	tenths := new(big.Rat).Mul(r, big.NewRat(10, 1))
	tenths.Add(tenths, big.NewRat(1, 2))
	n := new(big.Int).Div(tenths.Num(), tenths.Denom())
	f, _ := new(big.Rat).SetFrac(n, big.NewInt(10)).Float64()
	return f
}

// confidence is the sentence about what the clean iterations prove: n of them
// bound the failure rate of one at 1-0.05^(1/n) with 95 % confidence.
func confidence(r *result.Result) string {
	n, clean := len(r.Iterations), 0
	for _, it := range r.Iterations {
		if it.Passed && it.Complete {
			clean++
		}
	}
	var b strings.Builder
	switch {
	case r.Requested == 0: // controlled schedules alone
	case n == 0:
		b.WriteString("No iteration was run, so nothing bounds the failure rate.")
	case clean < n:
		fmt.Fprintf(&b, "%d of %d iterations failed.", n-clean, n)
	default:
		fmt.Fprintf(&b, "%d clean iterations bound the failure rate per iteration at %.1f %% with 95 %% confidence.",
			n, 100*(1-math.Pow(0.05, 1/float64(n))))
	}
	schedules, distinct := 0, 0
	for _, e := range r.Explorations {
		schedules += e.Schedules
		distinct += e.Distinct
	}
	if schedules > 0 {
		fmt.Fprintf(&b, " %d controlled schedules were explored (%d different).", schedules, distinct)
	} else {
		b.WriteString(" No controlled schedules were explored.")
	}
	return strings.TrimSpace(b.String())
}
