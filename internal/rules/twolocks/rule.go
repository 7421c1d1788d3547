// Package twolocks is the rule different-locks: one field is guarded by different locks in different places.
package twolocks

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

// Rule is RB1003.
var Rule = rule.Rule{
	ID:       "RB1003",
	Name:     "different-locks",
	Title:    "one field is guarded by different locks in different places",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"G1", "M6"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
