// Package lockorder is the rule lock-order: two locks are taken in one order here and in the other order there.
package lockorder

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

// Rule is RB1016.
var Rule = rule.Rule{
	ID:        "RB1016",
	Name:      "lock-order",
	Title:     "two locks are taken in one order here and in the other order there",
	Severity:  result.Error,
	Kind:      result.LockOrder,
	Potential: true,
	Contract:  []string{"G1"},
	Doc:       doc,
	Wrong:     wrong,
	Right:     right,
	Analyzer:  analyzer,
}
