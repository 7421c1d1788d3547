// Package deferloop is the rule defer-in-loop: an unlock is deferred in a loop that takes the lock again.
package deferloop

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

// Rule is RB1008.
var Rule = rule.Rule{
	ID:       "RB1008",
	Name:     "defer-in-loop",
	Title:    "an unlock is deferred in a loop that takes the lock again",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"G1"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
