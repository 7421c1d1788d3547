package candidate

import "racebench/internal/result"

// Contract is the contract's API as Go source, for tests that change it.
func Contract(component result.Component) string { return contract[component] }
