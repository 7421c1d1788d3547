// Package checkact is the rule check-then-act: what was checked in one critical section is acted upon in another.
package checkact

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

// Rule is RB1010.
var Rule = rule.Rule{
	ID:       "RB1010",
	Name:     "check-then-act",
	Title:    "what was checked in one critical section is acted upon in another",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"G1", "C3", "C7", "M4", "W2"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
