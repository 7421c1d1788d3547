// Package mixedatomic is the rule atomic-and-plain: a field is changed atomically in one place and plainly in another.
package mixedatomic

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

// Rule is RB2005.
var Rule = rule.Rule{
	ID:       "RB2005",
	Name:     "atomic-and-plain",
	Title:    "a field is changed atomically in one place and plainly in another",
	Severity: result.Warning,
	Kind:     result.Static,
	Contract: []string{"G1", "M6"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
