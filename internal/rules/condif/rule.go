// Package condif is the rule cond-wait-under-if: Cond.Wait is not in a loop that checks its condition again.
package condif

import (
	_ "embed"

	"racebench/internal/result"
	"racebench/internal/rules/rule"
)

var (
	//go:embed doc.md
	doc string
	//go:embed testdata/wrong/wrong.go
	wrong string
	//go:embed testdata/right/right.go
	right string
)

// Rule is RB1013.
var Rule = rule.Rule{
	ID:       "RB1013",
	Name:     "cond-wait-under-if",
	Title:    "Cond.Wait is not in a loop that checks its condition again",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"W5", "W10"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
