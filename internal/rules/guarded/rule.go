// Package guarded is the rule guarded-and-bare: a field is guarded by a lock in one place and bare in another.
package guarded

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

// Rule is RB1001.
var Rule = rule.Rule{
	ID:       "RB1001",
	Name:     "guarded-and-bare",
	Title:    "a field is guarded by a lock in one place and bare in another",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"G1", "C9", "M6", "W8"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
