// Package internalreturned is the rule internal-returned: a map or slice of the object's own is returned without a copy.
package internalreturned

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

// Rule is RB1014.
var Rule = rule.Rule{
	ID:       "RB1014",
	Name:     "internal-returned",
	Title:    "a map or slice of the object's own is returned without a copy",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"W13", "C8"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
