package corpus_test

import (
	"strings"
	"testing"

	"racebench/internal/corpus"
)

func TestCompare(t *testing.T) {
	wrongFix := corpus.Entry{Want: corpus.Fail, Categories: []corpus.Category{corpus.Race, corpus.Sync}, Evidence: []string{"data-race", "static:RB1"}}
	starred := wrongFix
	starred.Starred = true
	overLocking := corpus.Entry{Want: corpus.Fail, Categories: []corpus.Category{corpus.Performance}, Evidence: []string{"over-locking"}}
	rightFix := corpus.Entry{Want: corpus.Pass}
	slowFix := corpus.Entry{Want: corpus.Pass, Timed: true}
	hostile := corpus.Entry{Want: corpus.Hostile, Status: "fail", Reasons: []string{"output", "protocol"}}

	caught := corpus.Seen{Status: "partial", Score: 50, Lost: []corpus.Category{corpus.Race, corpus.Sync}, RunTime: []string{"data-race"}}
	half := corpus.Seen{Status: "partial", Score: 50, Lost: []corpus.Category{corpus.Race}, RunTime: []string{"data-race"}}
	byRule := corpus.Seen{Status: "partial", Lost: []corpus.Category{corpus.Race, corpus.Sync}, Static: []string{"RB1"}}
	clean := corpus.Seen{Status: "pass", Score: 100}
	slow := corpus.Seen{Status: "pass", Score: 98, Lost: []corpus.Category{corpus.Performance}}

	for name, test := range map[string]struct {
		entry corpus.Entry
		seen  corpus.Seen
		quick bool
		want  string // of the first difference; empty for none
	}{
		"caught":                       {wrongFix, caught, false, ""},
		"missed":                       {wrongFix, clean, false, "status pass"},
		"missed quickly":               {wrongFix, clean, true, "status pass"},
		"undecided":                    {wrongFix, corpus.Seen{Status: "inconclusive"}, false, "status inconclusive"},
		"undecided, quickly":           {wrongFix, corpus.Seen{Status: "inconclusive"}, true, "did not lose race"},
		"by a warning, quickly":        {wrongFix, corpus.Seen{Status: "inconclusive", Lost: []corpus.Category{corpus.Sync}, Static: []string{"RB1"}}, true, ""},
		"one category of two":          {wrongFix, half, false, "did not lose sync"},
		"one category of two, quickly": {wrongFix, half, true, ""},
		"by other evidence":            {wrongFix, corpus.Seen{Status: "fail", Lost: caught.Lost, RunTime: []string{"panic"}}, false, "not caught by any of data-race, static:RB1"},
		"by a rule":                    {wrongFix, byRule, false, ""},
		"starred, by a rule alone":     {starred, byRule, false, "not caught"},
		"at the gate":                  {wrongFix, corpus.Seen{Status: "fail", GateFailed: true, RunTime: []string{"data-race"}}, false, ""},
		"over-locking":                 {overLocking, corpus.Seen{Status: "partial", Lost: []corpus.Category{corpus.Performance}, RunTime: []string{"over-locking"}}, false, ""},
		"over-locking, missed":         {overLocking, clean, false, "status pass"},
		"over-locking, missed quickly": {overLocking, clean, true, "status pass"},
		"right on a busy machine":      {rightFix, corpus.Seen{Status: "pass", RunTime: []string{"slow"}}, false, ""},
		"right":                        {rightFix, clean, false, ""},
		"right but slow":               {rightFix, slow, false, "lost performance"},
		"right but slow, quickly":      {rightFix, slow, true, ""},
		"right and may be slow":        {slowFix, slow, false, ""},
		"right but accused":            {rightFix, corpus.Seen{Status: "pass", RunTime: []string{"invariant"}}, false, "accused of invariant"},
		"right but gated":              {rightFix, corpus.Seen{Status: "pass", GateFailed: true}, true, "gate"},
		"hostile":                      {hostile, corpus.Seen{Status: "fail", Text: "wrote to the protocol"}, false, ""},
		"hostile with points":          {hostile, corpus.Seen{Status: "fail", Score: 1, Text: "protocol"}, false, "score 1"},
		"hostile, unnamed":             {hostile, corpus.Seen{Status: "fail", Text: "it failed"}, false, "no reason"},
		"hostile as error":             {hostile, corpus.Seen{Status: "error", Text: "protocol"}, false, "status error"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := test.entry.Compare(test.seen, test.quick)
			if test.want == "" && len(wrong) > 0 {
				t.Errorf("got %q, want no difference", wrong)
			}
			if test.want != "" && (len(wrong) == 0 || !strings.Contains(wrong[0], test.want)) {
				t.Errorf("got %q, want %q", wrong, test.want)
			}
		})
	}
}
