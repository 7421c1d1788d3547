// Package relock is the rule recursive-lock: a lock is taken, or upgraded, by a goroutine that holds it already.
package relock

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

// Rule is RB1007.
var Rule = rule.Rule{
	ID:       "RB1007",
	Name:     "recursive-lock",
	Title:    "a lock is taken, or upgraded, by a goroutine that holds it already",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"G1"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
