// Package unlockkind is the rule unlock-of-the-wrong-kind: Lock is paired with RUnlock, or RLock with Unlock.
package unlockkind

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

// Rule is RB1006.
var Rule = rule.Rule{
	ID:       "RB1006",
	Name:     "unlock-of-the-wrong-kind",
	Title:    "Lock is paired with RUnlock, or RLock with Unlock",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"G1"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
