package direct

import (
	"errors"

	"racebench/internal/scenarios/forpool"
	"racebench/internal/scenarios/harness"
	"racebench/internal/workerpool"
)

// init registers every kind of pool that a scenario uses. Each costs a candidate
// the time in which its methods are compiled once more.
func init() {
	harness.Register(newPool[int])
	harness.Register(newPool[any])
	harness.Register(newPool[*harness.Boulder])
	forpool.Judge(forpool.Package{
		ErrClosed:     func() error { return workerpool.ErrClosed },
		Name:          func(s forpool.State) string { return workerpool.State(s).String() },
		NewPanicError: func(value any) error { return &workerpool.PanicError{Value: value} },
		Panicked: func(err error) *forpool.PanicError {
			var e *workerpool.PanicError
			if !errors.As(err, &e) {
				return nil
			}
			return &forpool.PanicError{Value: e.Value, Stack: e.Stack, Unwrapped: e.Unwrap()}
		},
	})
}

// subject is a candidate's pool as the scenarios see it. Its methods have pointer
// receivers because the compiler adds wrappers to those of values. The pool is no
// embedded field: the wrappers that the compiler makes of promoted methods, and
// those of the candidate's generic ones, would be frames in race reports. Those of
// this file are left out by its name (internal/runner/place).
type subject[T any] struct{ of *workerpool.Pool[T] }

func newPool[T any](workers int) forpool.Pool[T] {
	return &subject[T]{workerpool.New[T](workers)}
}

func (s *subject[T]) Submit(task func() (T, error)) error { return s.of.Submit(task) }
func (s *subject[T]) Wait()                               { s.of.Wait() }
func (s *subject[T]) Close()                              { s.of.Close() }
func (s *subject[T]) Pending() int                        { return s.of.Pending() }
func (s *subject[T]) Reset()                              { s.of.Reset() }
func (s *subject[T]) Reachable() func() bool              { return harness.Reachable(s.of) }

func (s *subject[T]) Results() []forpool.Result[T] {
	return results[T](s.of.Results()).Read()
}

func (s *subject[T]) WorkerStates() []forpool.State {
	return states(s.of.WorkerStates()).Read()
}

func (s *subject[T]) OwnResults() forpool.OwnResults[T] { return results[T](s.of.Results()) }
func (s *subject[T]) OwnStates() forpool.OwnStates      { return states(s.of.WorkerStates()) }

func (s *subject[T]) Stats() forpool.Stats {
	now := s.of.Stats()
	return forpool.Stats{
		Workers: now.Workers, Idle: now.Idle, Active: now.Active, Stopped: now.Stopped, Pending: now.Pending,
		Submitted: now.Submitted, Completed: now.Completed, Failed: now.Failed,
	}
}

// results are results as a pool returned them.
type results[T any] []workerpool.Result[T]

func (r results[T]) Read() []forpool.Result[T] {
	copied := make([]forpool.Result[T], len(r))
	for i := range r {
		copied[i] = forpool.Result[T]{Value: r[i].Value, Err: r[i].Err}
	}
	return copied
}

func (r results[T]) Set(i int, to forpool.Result[T]) { r[i].Value, r[i].Err = to.Value, to.Err }

func (r results[T]) Append(one forpool.Result[T]) {
	_ = append(r, workerpool.Result[T]{Value: one.Value, Err: one.Err})
}

// states are states as a pool returned them.
type states []workerpool.State

func (s states) Read() []forpool.State {
	copied := make([]forpool.State, len(s))
	for i := range s {
		copied[i] = forpool.State(s[i])
	}
	return copied
}

func (s states) Set(i int, to forpool.State) { s[i] = workerpool.State(to) }

func (s states) Append(one forpool.State) { _ = append(s, workerpool.State(one)) }
