// Package condbare is the rule cond-wait-without-lock: Cond.Wait is called without its lock.
package condbare

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

// Rule is RB1017.
var Rule = rule.Rule{
	ID:       "RB1017",
	Name:     "cond-wait-without-lock",
	Title:    "Cond.Wait is called without its lock",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"W5", "W10"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
