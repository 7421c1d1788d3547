// Package endless is the rule goroutine-without-end: a goroutine has no way to end.
package endless

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

// Rule is RB2004.
var Rule = rule.Rule{
	ID:       "RB2004",
	Name:     "goroutine-without-end",
	Title:    "a goroutine has no way to end",
	Severity: result.Warning,
	Kind:     result.Static,
	Contract: []string{"G3", "W11"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
