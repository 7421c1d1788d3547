// Package harness runs one scenario once: its goroutines, what the seed chooses
// for them, where they meet, and what they found. It knows no component.
//
// It is compiled into workers together with a candidate and uses the standard
// library alone.
package harness

import "racebench/internal/protocol"

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

// Suite finds what there is to run, by name.
type Suite struct {
	Scenario func(name string) (Scenario, bool)
	Workload func(name string) (Workload, bool)
}

// The kinds of violation, as the result model spells them.
const (
	KindInvariant       = "invariant"
	KindLostUpdate      = "lost-update"
	kindPanic           = "panic"
	KindNotLinearizable = "not-linearizable"
	kindExit            = "exit"
	kindOverLock        = "over-locking"
	kindBehaviour       = "behaviour"
	kindLeak            = "goroutine-leak"
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
	// Virtual says that time stands while anything can run and jumps when
	// nothing can, so that waiting costs nothing.
	Virtual bool
	// Progress, where set, can be read while the scenario runs.
	Progress *Progress
}

// NewViolation makes the record of a broken invariant.
func NewViolation(kind, contract, message, expected, observed string) protocol.Violation {
	return protocol.Violation{
		Kind: kind, Contract: contract, Message: message, Expected: expected, Observed: observed,
	}
}
