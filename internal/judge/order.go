package judge

import (
	"cmp"
	"slices"
	"strings"

	"racebench/internal/result"
)

// origins in the order of the pipeline.
var origins = []result.Origin{
	result.FromCandidate, result.FromGate, result.FromHammer, result.FromExploration, result.FromRules, result.FromMeasurement,
}

// compareFindings orders by origin, component, scenario, kind and ID.
func compareFindings(a, b result.Finding) int {
	return cmp.Or(
		cmp.Compare(slices.Index(origins, a.Origin), slices.Index(origins, b.Origin)),
		cmp.Compare(slices.Index(result.Components(), a.Component), slices.Index(result.Components(), b.Component)),
		strings.Compare(a.Scenario, b.Scenario),
		strings.Compare(string(a.Kind), string(b.Kind)),
		strings.Compare(a.ID, b.ID),
	)
}
