// Package copylocks is the rule copied-lock: a lock is copied, as go vet reports it.
package copylocks

import (
	_ "embed"

	"golang.org/x/tools/go/analysis/passes/copylock"

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

// Rule is RB1101.
var Rule = rule.Rule{
	ID:       "RB1101",
	Name:     "copied-lock",
	Title:    "a lock is copied",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"G1", "G2"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: copylock.Analyzer,
}
