// Package addingo is the rule add-in-goroutine: WaitGroup.Add runs in the goroutine that it announces.
package addingo

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

// Rule is RB1012.
var Rule = rule.Rule{
	ID:       "RB1012",
	Name:     "add-in-goroutine",
	Title:    "WaitGroup.Add runs in the goroutine that it announces",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"W10", "W11"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
