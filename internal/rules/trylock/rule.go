// Package trylock is the rule trylock-drop: the whole operation is dropped when TryLock fails.
package trylock

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

// Rule is RB1015.
var Rule = rule.Rule{
	ID:       "RB1015",
	Name:     "trylock-drop",
	Title:    "the whole operation is dropped when TryLock fails",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"C2", "C3", "M1", "M2"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
