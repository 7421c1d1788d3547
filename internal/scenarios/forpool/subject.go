package forpool

import "racebench/internal/scenarios/harness"

// Pool is what the scenarios see of a pool that is judged. Package direct makes
// those of the candidate; nothing else has to be compiled with it.
type Pool[T any] interface {
	Submit(task func() (T, error)) error
	Wait()
	Close()
	Pending() int
	Results() []Result[T]
	WorkerStates() []State
	Stats() Stats
	Reset()
	// OwnResults and OwnStates call Results and WorkerStates and give the slice that
	// was returned to work on, where those two give a copy.
	OwnResults() OwnResults[T]
	OwnStates() OwnStates
	// Reachable returns a function that says whether anybody can still reach the
	// pool. The function itself does not keep it alive.
	Reachable() func() bool
}

// OwnResults is a slice of results that a pool returned and the caller owns.
type OwnResults[T any] interface {
	// Read copies the slice.
	Read() []Result[T]
	// Set replaces an element.
	Set(i int, r Result[T])
	// Append appends to the slice, and the result is thrown away: what it writes
	// to is what lies behind the slice.
	Append(r Result[T])
}

// OwnStates is a slice of states that a pool returned and the caller owns.
type OwnStates interface {
	Read() []State
	Set(i int, s State)
	Append(s State)
}

// Result is how a task ended.
type Result[T any] struct {
	Value T
	Err   error
}

// State is what a worker does.
type State int

// The states of a worker.
const (
	Idle State = iota
	Busy
	Stopped
)

// Stats are the fields of a pool's statistics.
type Stats struct {
	Workers, Idle, Active, Stopped, Pending int
	Submitted, Completed, Failed            uint64
}

// PanicError is what the candidate's error of that name holds.
type PanicError struct {
	Value any
	Stack []byte
	// Unwrapped is what its Unwrap returns.
	Unwrapped error
}

// Package is what a candidate's package holds beside its pools.
type Package struct {
	ErrClosed func() error
	// Name is the text of a state.
	Name func(State) string
	// NewPanicError makes the candidate's *PanicError of a value.
	NewPanicError func(value any) error
	// Panicked finds the candidate's *PanicError in the chain of an error, and
	// returns nil where there is none.
	Panicked func(err error) *PanicError
}

// judged is the package that is judged.
var judged Package

// Judge says which package is judged. It is called before any scenario runs.
func Judge(p Package) { judged = p }

// newSubject makes a pool of the candidate's.
func newSubject[T any](workers int) Pool[T] { return harness.NewSubject[Pool[T]](workers) }
