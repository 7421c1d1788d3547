// Package sendlocked is the rule send-under-lock: a send that can block is made with a lock held that the receiver needs.
package sendlocked

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

// Rule is RB1018.
var Rule = rule.Rule{
	ID:       "RB1018",
	Name:     "send-under-lock",
	Title:    "a send that can block is made with a lock held that the receiver needs",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"W2", "W9"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
