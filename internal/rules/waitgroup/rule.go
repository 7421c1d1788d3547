// Package waitgroup is the rule add-in-goroutine-vet: WaitGroup.Add is the first thing that the new goroutine does, as go vet reports it.
package waitgroup

import (
	_ "embed"

	"golang.org/x/tools/go/analysis/passes/waitgroup"

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

// Rule is RB1102.
var Rule = rule.Rule{
	ID:       "RB1102",
	Name:     "add-in-goroutine-vet",
	Title:    "WaitGroup.Add is the first thing that the new goroutine does",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"W10", "W11"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: waitgroup.Analyzer,
}
