// Package callback is the rule callback-under-lock: a function of the caller's, a load or a task, is called with a lock held.
package callback

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

// Rule is RB1009.
var Rule = rule.Rule{
	ID:       "RB1009",
	Name:     "callback-under-lock",
	Title:    "a function of the caller's, a load or a task, is called with a lock held",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"C11", "W9"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
