// Package scenarios holds the workloads that expose concurrency defects of the
// three components, with the invariants that they check and the sentences of
// docs/contract.md that the invariants come from.
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
	"strings"

	"racebench/internal/protocol"
)

// The components, as Scenario.Component names them.
const (
	Cache      = "cache"
	Counter    = "counter"
	WorkerPool = "workerpool"
)

// Scenario is a named workload with its invariants.
type Scenario struct {
	// Name is unique: the component, a slash, and what the scenario is about.
	Name string
	// Component is cache, counter or workerpool.
	Component string
	// Doc says in a sentence or two what happens and what must hold.
	Doc string
	// Contract lists the sentences that the scenario checks, such as C11.
	Contract []string
	// Stress marks a scenario that makes sense only at full size: it looks at
	// memory, or needs more operations than a controlled schedule can hold.
	Stress bool
	// Calm marks a scenario that runs with one processor setting and without
	// noise: not the schedule is in question but the answers.
	Calm bool
	// Run executes the scenario once. It is called through Execute.
	Run func(*T)
}

// All returns the scenarios of the suite, in the order of the components.
func All() []Scenario {
	var all []Scenario
	all = append(all, cacheScenarios()...)
	all = append(all, counterScenarios()...)
	all = append(all, poolScenarios()...)
	return all
}

// Find returns the scenario, gate or probe of that name.
func Find(name string) (Scenario, bool) {
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
	return Scenario{}, false
}

// The kinds of violation, as the result model spells them.
const (
	kindInvariant       = "invariant"
	kindLostUpdate      = "lost-update"
	kindPanic           = "panic"
	kindNotLinearizable = "not-linearizable"
	kindExit            = "exit"
	kindOverLock        = "over-locking"
	kindBehaviour       = "behaviour"
)

// Config is what one execution of a scenario depends on.
type Config struct {
	// Seed decides everything that is drawn.
	Seed uint64
	// Small asks for 2 to 4 goroutines with a few operations each and leaves
	// the process alone (GOMAXPROCS, garbage collection, noise), so that the
	// schedules of the scenario can be explored.
	Small bool
	// Now returns an instant in nanoseconds on a clock that never goes back.
	// It must not order the goroutines that call it. Nil means Monotonic.
	Now func() int64
	// Progress, where set, can be read while the scenario runs.
	Progress *Progress
}

// violation makes the record of a broken invariant.
func violation(kind, contract, message, expected, observed string) protocol.Violation {
	return protocol.Violation{
		Kind: kind, Contract: contract, Message: message, Expected: expected, Observed: observed,
	}
}
