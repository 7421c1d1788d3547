// Package unlockmissing is the rule unlock-missing: a path leaves the function with the lock held.
package unlockmissing

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

// Rule is RB1005.
var Rule = rule.Rule{
	ID:       "RB1005",
	Name:     "unlock-missing",
	Title:    "a path leaves the function with the lock held",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"G1"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
