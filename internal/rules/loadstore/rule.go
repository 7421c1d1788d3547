// Package loadstore is the rule load-then-store: an atomic is loaded and then stored as if nobody came in between.
package loadstore

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

// Rule is RB1011.
var Rule = rule.Rule{
	ID:       "RB1011",
	Name:     "load-then-store",
	Title:    "an atomic is loaded and then stored as if nobody came in between",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"M1", "M6", "C9"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
