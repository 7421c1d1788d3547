// Package atomicassign is the rule atomic-assign: the result of an atomic operation is assigned back to its operand, as go vet reports it.
package atomicassign

import (
	_ "embed"

	"golang.org/x/tools/go/analysis/passes/atomic"

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

// Rule is RB1104.
var Rule = rule.Rule{
	ID:       "RB1104",
	Name:     "atomic-assign",
	Title:    "the result of an atomic operation is assigned back to its operand",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"G1", "M1", "M6"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: atomic.Analyzer,
}
