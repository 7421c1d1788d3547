// Package spin is the rule spinning: a loop spins until another goroutine changes something.
package spin

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

// Rule is RB2002.
var Rule = rule.Rule{
	ID:       "RB2002",
	Name:     "spinning",
	Title:    "a loop spins until another goroutine changes something",
	Severity: result.Warning,
	Kind:     result.Static,
	Contract: []string{"G1"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
