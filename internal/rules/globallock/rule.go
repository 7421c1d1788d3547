// Package globallock is the rule one-lock-for-all: one package-level lock guards all instances.
package globallock

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

// Rule is RB2003.
var Rule = rule.Rule{
	ID:       "RB2003",
	Name:     "one-lock-for-all",
	Title:    "one package-level lock guards all instances",
	Severity: result.Warning,
	Kind:     result.Static,
	Contract: []string{"L3"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
