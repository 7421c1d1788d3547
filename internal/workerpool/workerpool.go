// Package workerpool runs tasks on a fixed number of workers and keeps their
// results and statistics. Numbers such as W4 name the sentences of
// docs/contract.md.
//
// One mutex guards everything, two condition
// variables on it wake those who wait, and no task runs while it is held.
package workerpool

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
)

// ErrClosed is returned by Submit after Close (W2).
var ErrClosed = errors.New("workerpool: closed")

// Pool runs tasks on a fixed number of workers, in the order of their
// submission (W3).
//
// It is safe for concurrent use (G1), linearizable (W8), and must not be copied
// after first use (G2). Close ends its goroutines (G3, W11).
type Pool[T any] struct {
	mu   sync.Mutex
	work *sync.Cond // signalled for a task that was queued, broadcast by Close
	rest *sync.Cond // broadcast when the pool came to rest, and when all stopped

	// The fields below are guarded by mu.
	queue   []func() (T, error) // pending tasks, the next one first
	states  []State             // one a worker
	active  int                 // workers that are Busy
	stopped int                 // workers that are Stopped
	closed  bool
	rests   uint64 // how often the last pending or active task went away
	epoch   uint64 // how often Reset was called

	completed, failed uint64
	results           []Result[T]
}

// Result is what one task left (W6).
type Result[T any] struct {
	Value T
	Err   error
}

// State is what a worker is doing.
type State int

// The states of a worker.
const (
	Idle    State = iota // waits for a task
	Busy                 // runs a task
	Stopped              // has ended, after Close
)

// String returns "idle", "busy" or "stopped".
func (s State) String() string {
	switch s {
	case Idle:
		return "idle"
	case Busy:
		return "busy"
	case Stopped:
		return "stopped"
	default:
		return "State(" + strconv.Itoa(int(s)) + ")"
	}
}

// Stats is a snapshot of a pool: every field was true at one instant, and
// Idle+Active+Stopped == Workers, Pending+Active+Completed+Failed == Submitted
// (W7).
type Stats struct {
	Workers, Idle, Active, Stopped, Pending int
	Submitted, Completed, Failed            uint64
}

// PanicError is the error of a task that panicked (W6).
type PanicError struct {
	Value any    // what the task panicked with
	Stack []byte // the stack of the panic, as runtime/debug.Stack prints it
}

// Error names the value that the task panicked with.
func (e *PanicError) Error() string {
	return fmt.Sprintf("workerpool: task panicked: %v", e.Value)
}

// Unwrap returns the value that the task panicked with, if that is an error,
// and nil otherwise.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// New returns a pool and starts its workers, all Idle. It panics if workers < 1
// (W1).
func New[T any](workers int) *Pool[T] {
	if workers < 1 {
		panic("workerpool: there must be at least 1 worker")
	}
	p := &Pool[T]{states: make([]State, workers)}
	p.work = sync.NewCond(&p.mu)
	p.rest = sync.NewCond(&p.mu)
	for id := range workers {
		go p.worker(id)
	}
	return p
}

// Submit queues a task, without waiting for room, or returns ErrClosed (W2).
func (p *Pool[T]) Submit(task func() (T, error)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.queue = append(p.queue, task)
	p.work.Signal()
	return nil
}

// Wait returns when nothing is pending or active, or was at some instant since
// the call (W10).
func (p *Pool[T]) Wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	// A rest may be over before this goroutine runs again: the count of rests
	// tells it all the same.
	for seen := p.rests; p.busy() && p.rests == seen; {
		p.rest.Wait()
	}
}

// Close refuses new tasks, lets the accepted ones finish, and returns when
// every worker has stopped (W11).
func (p *Pool[T]) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.work.Broadcast()
	for p.stopped < len(p.states) {
		p.rest.Wait()
	}
}

// Pending returns the number of tasks that were accepted and have not started.
func (p *Pool[T]) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)
}

// Results returns what the tasks left, in the order in which they ended. The
// slice is the caller's (W13).
func (p *Pool[T]) Results() []Result[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.results)
}

// WorkerStates returns the state of every worker, a snapshot (W7). The slice is
// the caller's (W13).
func (p *Pool[T]) WorkerStates() []State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.states)
}

// Stats returns a snapshot (W7).
func (p *Pool[T]) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{
		Workers: len(p.states),
		Idle:    len(p.states) - p.active - p.stopped,
		Active:  p.active,
		Stopped: p.stopped,
		Pending: len(p.queue),
		// A running task that Reset forgot is part of this sum until it ends,
		// because it is part of Active (W12).
		Submitted: uint64(len(p.queue)) + uint64(p.active) + p.completed + p.failed,
		Completed: p.completed,
		Failed:    p.failed,
	}
}

// Reset drops the pending tasks and forgets all results and counts, in one step
// and without waiting. A running task finishes, but leaves nothing (W12).
func (p *Pool[T]) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	wasBusy := p.busy()
	p.queue = nil
	p.results = nil
	p.completed, p.failed = 0, 0
	p.epoch++
	if wasBusy && !p.busy() {
		p.rested()
	}
}

// worker takes tasks and runs them until the pool is closed and its queue empty.
func (p *Pool[T]) worker(id int) {
	for {
		task, epoch, ok := p.start(id)
		if !ok {
			return
		}
		value, err := run(task)
		p.end(id, epoch, value, err)
	}
}

// start waits for a task and starts it, in one step (W4), or stops the worker
// and returns false. The epoch is that in which the task started.
func (p *Pool[T]) start(id int) (task func() (T, error), epoch uint64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) == 0 && !p.closed {
		p.work.Wait()
	}
	if len(p.queue) == 0 {
		p.states[id] = Stopped
		p.stopped++
		if p.stopped == len(p.states) {
			p.rest.Broadcast()
		}
		return nil, 0, false
	}
	task = p.queue[0]
	p.queue[0] = nil // the array must not keep what the task refers to (G4)
	p.queue = p.queue[1:]
	p.states[id] = Busy
	p.active++
	return task, p.epoch, true
}

// end ends a task, in one step (W4). What a task leaves that started before the
// last Reset is dropped (W12).
func (p *Pool[T]) end(id int, epoch uint64, value T, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.states[id] = Idle
	p.active--
	if epoch == p.epoch {
		if err == nil {
			p.completed++
		} else {
			p.failed++
		}
		p.results = append(p.results, Result[T]{Value: value, Err: err})
	}
	if !p.busy() {
		p.rested()
	}
}

// busy reports whether anything is pending or active. The caller holds p.mu.
func (p *Pool[T]) busy() bool {
	return len(p.queue) > 0 || p.active > 0
}

// rested wakes those who wait for the pool to come to rest. The caller holds
// p.mu.
func (p *Pool[T]) rested() {
	p.rests++
	p.rest.Broadcast()
}

// run calls a task and turns a panic into an error (W6).
func run[T any](task func() (T, error)) (value T, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = &PanicError{Value: panicked, Stack: debug.Stack()}
		}
	}()
	return task()
}
