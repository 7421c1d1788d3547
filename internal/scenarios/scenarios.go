// Package scenarios is the suite: the workloads that expose concurrency defects
// of the three components, with the invariants that they check and the sentences
// of docs/contract.md that the invariants come from. Each component has a package
// of its own, so that a candidate that changes one of them leaves the others
// compiled.
//
// A scenario must accuse no right implementation, whatever its design and
// whatever the schedule, and should expose a wrong one soon. Two rules follow.
// No clock and no patience decides anything: a call that does not return is
// seen by whoever watches the process, not by the scenario. And a check adds no
// synchronisation between the goroutines that use the component, or it would
// hide data races from the race detector.
//
// It is compiled into workers together with a candidate and uses the standard
// library and the components alone.
package scenarios

import (
	"slices"
	"strings"

	"racebench/internal/scenarios/forcache"
	directcache "racebench/internal/scenarios/forcache/direct"
	"racebench/internal/scenarios/forcounter"
	"racebench/internal/scenarios/forpool"
	directpool "racebench/internal/scenarios/forpool/direct"
	"racebench/internal/scenarios/harness"
)

// Suite is what a worker runs.
func Suite() harness.Suite { return harness.Suite{Scenario: Find, Workload: FindWorkload} }

// All returns the scenarios of the suite, in the order of the components.
func All() []harness.Scenario {
	return slices.Concat(forcache.Scenarios(), forcounter.Scenarios(), forpool.Scenarios())
}

// Gates returns the scenarios that drive one component each by one goroutine
// through all methods, with fresh random values. Their histories have one
// client and are stepped through the model in the order in which they stand.
func Gates() []harness.Scenario {
	return []harness.Scenario{forcache.Gate(), forcounter.Gate(), forpool.Gate()}
}

// Probes returns the probes for over-locking, L1 to L4. One that finds
// something, or does not return, is over-locking; none looks at a clock. What
// costs only time, such as a search through a list by a function of the
// standard library, is left to the measurement.
func Probes() []harness.Scenario {
	return slices.Concat(forcache.Probes(), forcounter.Probes(), forpool.Probes())
}

// Find returns the scenario, gate or probe of that name.
func Find(name string) (harness.Scenario, bool) {
	group := All
	switch {
	case strings.HasPrefix(name, "gate/"):
		group = Gates
	case strings.HasPrefix(name, "probe/"):
		group = Probes
	}
	for _, s := range group() {
		if s.Name == name {
			return s, true
		}
	}
	return harness.Scenario{}, false
}

// Workloads returns what performance is measured by, in the order of the
// components: one caller, contention, mostly reading, mostly writing, and an
// instance for every caller.
func Workloads() []harness.Workload {
	return slices.Concat(directcache.Workloads(), forcounter.Workloads(), directpool.Workloads())
}

// FindWorkload returns the workload of that name.
func FindWorkload(name string) (harness.Workload, bool) {
	for _, w := range Workloads() {
		if w.Name == name {
			return w, true
		}
	}
	return harness.Workload{}, false
}
