// Package rlockwrite is the rule write-under-rlock: a field is written while its RWMutex is held for reading only.
package rlockwrite

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

// Rule is RB1002.
var Rule = rule.Rule{
	ID:       "RB1002",
	Name:     "write-under-rlock",
	Title:    "a field is written while its RWMutex is held for reading only",
	Severity: result.Error,
	Kind:     result.Static,
	Contract: []string{"G1", "C9"},
	Doc:      doc,
	Wrong:    wrong,
	Right:    right,
	Analyzer: analyzer,
}
