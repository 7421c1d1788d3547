// Package lostcancel is the rule lost-cancel: the cancel function of a context is not called on every path, as go vet reports it.
package lostcancel

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

// Rule is RB1103.
var Rule = rule.Rule{
	ID:       "RB1103",
	Name:     "lost-cancel",
	Title:    "the cancel function of a context is not called on every path",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"G3", "G4"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
