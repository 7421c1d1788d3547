package corpus

import (
	"fmt"
	"slices"
	"strings"

	"racebench/internal/result"
)

// Seen is what the judge made of a candidate, as far as a corpus entry is
// compared with it.
type Seen struct {
	// Status is that of the score: pass, partial, fail, error, inconclusive.
	Status string
	// Score is the total; nothing for an inconclusive one.
	Score float64
	// Lost are the categories with fewer than their full points.
	Lost []Category
	// GateFailed says that a component differed from its sequential model.
	GateFailed bool
	// RunTime are the kinds of the findings that came from running the
	// candidate; Static are the IDs of the static rules that fired.
	RunTime []string
	Static  []string
	// Text is the message of the score and the messages of the findings.
	Text string
}

// Compare returns what differs from the expectation of e, nothing if all is as
// it must be. In a quick comparison, whose judging stopped at the first
// decisive finding and compared no speeds, a right fix may lose performance,
// and one of the expected categories is enough for a wrong one.
func (e *Entry) Compare(seen Seen, quick bool) []string {
	switch e.Want {
	case Pass:
		return e.comparePass(seen, quick)
	case Hostile:
		return e.compareHostile(seen)
	default:
		return e.compareFail(seen, quick)
	}
}

// Decisive reports whether a finding is evidence that e asks for, so that no
// more need be looked for in a quick look at a wrong fix or a hostile one.
func (e *Entry) Decisive(f result.Finding) bool {
	if !f.Confirmed || f.Severity != result.Error {
		return false
	}
	return e.Want == Hostile || slices.Contains(e.Evidence, string(f.Kind))
}

func (e *Entry) comparePass(seen Seen, quick bool) []string {
	var wrong []string
	if seen.Status != "pass" && !quick {
		wrong = append(wrong, "status "+seen.Status+", want pass: "+strings.ReplaceAll(seen.Text, "\n", "; "))
	}
	for _, category := range seen.Lost {
		if category == Performance && (e.Timed || quick) {
			continue
		}
		wrong = append(wrong, "falsely accused: lost "+string(category))
	}
	for _, kind := range seen.RunTime {
		// Slow is an observation about a busy machine as often as one about the
		// candidate, and costs nothing.
		if kind != string(result.Slow) {
			wrong = append(wrong, "falsely accused of "+kind)
		}
	}
	if seen.GateFailed {
		wrong = append(wrong, "falsely accused: failed the gate")
	}
	return wrong
}

func (e *Entry) compareHostile(seen Seen) []string {
	var wrong []string
	if seen.Status != e.Status {
		wrong = append(wrong, "status "+seen.Status+", want "+e.Status)
	}
	if seen.Score != 0 {
		wrong = append(wrong, fmt.Sprintf("score %v, want 0", seen.Score))
	}
	if !slices.ContainsFunc(e.Reasons, func(reason string) bool { return strings.Contains(seen.Text, reason) }) {
		wrong = append(wrong, fmt.Sprintf("no reason that names %q", strings.Join(e.Reasons, " | ")))
	}
	return wrong
}

func (e *Entry) compareFail(seen Seen, quick bool) []string {
	var wrong []string
	// Without a measurement nothing is ever called a pass, but inconclusive.
	if seen.Status == "pass" || seen.Status == "error" || seen.Status == "inconclusive" && !quick {
		wrong = append(wrong, "status "+seen.Status+", want partial or fail")
	}
	if missing := e.missing(seen); len(missing) > 0 && (!quick || len(missing) == len(e.Categories)) {
		for _, category := range missing {
			wrong = append(wrong, "did not lose "+string(category))
		}
	}
	caught := slices.ContainsFunc(e.Evidence, func(kind string) bool {
		if rule, ok := strings.CutPrefix(kind, "static:"); ok {
			return !e.Starred && slices.Contains(seen.Static, rule)
		}
		if kind == "static" {
			return !e.Starred && len(seen.Static) > 0
		}
		return slices.Contains(seen.RunTime, kind)
	})
	if !caught {
		wrong = append(wrong, "not caught by any of "+strings.Join(e.Evidence, ", "))
	}
	return wrong
}

// missing lists the expected categories that were not lost. Who fails the gate
// loses all.
func (e *Entry) missing(seen Seen) []Category {
	var missing []Category
	for _, category := range e.Categories {
		if !seen.GateFailed && !slices.Contains(seen.Lost, category) {
			missing = append(missing, category)
		}
	}
	return missing
}

// Hammered reports whether the scenarios themselves are expected to find
// something; otherwise only static rules and the measurement of performance do.
func (e *Entry) Hammered() bool {
	return slices.ContainsFunc(e.Evidence, func(kind string) bool {
		return kind != "static" && !strings.HasPrefix(kind, "static:") && kind != string(result.OverLocking) && kind != string(result.Slow)
	})
}
