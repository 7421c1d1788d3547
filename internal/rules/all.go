package rules

import (
	"racebench/internal/rules/atomicassign"
	"racebench/internal/rules/copylocks"
	"racebench/internal/rules/guarded"
	"racebench/internal/rules/lostcancel"
	"racebench/internal/rules/waitgroup"
)

// All lists the rules in the order of their IDs.
func All() []Rule {
	return []Rule{
		guarded.Rule,
		copylocks.Rule,
		waitgroup.Rule,
		lostcancel.Rule,
		atomicassign.Rule,
	}
}
