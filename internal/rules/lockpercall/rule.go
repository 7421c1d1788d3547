// Package lockpercall is the rule lock-per-call: a lock or a Once is made anew by every call.
package lockpercall

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

// Rule is RB1004.
var Rule = rule.Rule{
	ID:       "RB1004",
	Name:     "lock-per-call",
	Title:    "a lock or a Once is made anew by every call",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"G1"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
