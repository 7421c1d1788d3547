// Package sleepsync is the rule sleep-as-synchronisation: time.Sleep stands where goroutines should wait for each other.
package sleepsync

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

// Rule is RB2001.
var Rule = rule.Rule{
	ID:       "RB2001",
	Name:     "sleep-as-synchronisation",
	Title:    "time.Sleep stands where goroutines should wait for each other",
	Severity: result.Warning,
	Kind:     result.Static,
	Contract: []string{"G1"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
