// Package workerpool runs tasks on a fixed number of workers and keeps their
// results and statistics. Numbers such as W4 name the sentences of
// docs/contract.md.
//
// One mutex guards everything, because every snapshot covers everything, and no
// task runs while it is held. What makes the pool quick is how little it does
// under that mutex and how seldom it wakes a goroutine: a worker ends a task and
// starts the next in one critical section, sleeping workers are woken one after
// another, each by the one before, and neither queue nor results are ever moved.
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
	work *sync.Cond // idle workers sleep here
	rest *sync.Cond // broadcast when the pool came to rest, and when all stopped

	// The fields below are guarded by mu.
	queue   list[func() (T, error)] // pending tasks, the next one first
	states  []State                 // one a worker
	active  int                     // workers that are Busy
	stopped int                     // workers that are Stopped
	asleep  int                     // workers that nobody has woken yet
	waking  bool                    // a worker was woken and has not looked at the queue yet
	closed  bool
	rests   uint64 // how often the last pending or active task went away
	epoch   uint64 // how often Reset was called

	completed, failed uint64
	results           list[Result[T]]
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
	p.queue.push(task)
	p.wake()
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
	p.asleep = 0
	p.work.Broadcast()
	for p.stopped < len(p.states) {
		p.rest.Wait()
	}
}

// Pending returns the number of tasks that were accepted and have not started.
func (p *Pool[T]) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queue.len
}

// Results returns what the tasks left, in the order in which they ended. The
// slice is the caller's (W13).
func (p *Pool[T]) Results() []Result[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.results.slice()
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
		Pending: p.queue.len,
		// A running task that Reset forgot is part of this sum until it ends,
		// because it is part of Active (W12).
		Submitted: uint64(p.queue.len) + uint64(p.active) + p.completed + p.failed,
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
	p.queue = list[func() (T, error)]{}
	p.results = list[Result[T]]{}
	p.completed, p.failed = 0, 0
	p.epoch++
	if wasBusy && !p.busy() {
		p.rested()
	}
}

// worker runs tasks until the pool is closed and its queue empty.
func (p *Pool[T]) worker(id int) {
	p.mu.Lock()
	for p.await() {
		task, epoch := p.start(id)
		p.wake()
		p.mu.Unlock()
		value, err := run(task)
		p.mu.Lock()
		p.end(id, epoch, value, err)
	}
	p.stop(id)
	p.mu.Unlock()
}

// await returns true once a task is pending, and false once none is and none
// can come. The caller holds p.mu.
func (p *Pool[T]) await() bool {
	for p.queue.len == 0 && !p.closed {
		p.asleep++
		p.work.Wait()
		p.waking = false
	}
	return p.queue.len > 0
}

// wake wakes a sleeping worker if one is needed. The caller holds p.mu.
//
// Whenever a task is pending and a worker asleep, another one has been woken and
// not looked at the queue yet (W5). One at a time is enough: it takes a task and
// then, before it runs that, wakes the next if there is more to do.
func (p *Pool[T]) wake() {
	if p.queue.len > 0 && p.asleep > 0 && !p.waking {
		p.asleep--
		p.waking = true
		p.work.Signal()
	}
}

// start starts the next task, in one step (W4), and returns it with the epoch in
// which it started. The caller holds p.mu.
func (p *Pool[T]) start(id int) (task func() (T, error), epoch uint64) {
	p.states[id] = Busy
	p.active++
	return p.queue.pop(), p.epoch
}

// end ends a task, in one step (W4). What a task leaves that started before the
// last Reset is dropped (W12). The caller holds p.mu.
func (p *Pool[T]) end(id int, epoch uint64, value T, err error) {
	p.states[id] = Idle
	p.active--
	if epoch == p.epoch {
		if err == nil {
			p.completed++
		} else {
			p.failed++
		}
		p.results.push(Result[T]{Value: value, Err: err})
	}
	if !p.busy() {
		p.rested()
	}
}

// stop stops a worker. The caller holds p.mu.
func (p *Pool[T]) stop(id int) {
	p.states[id] = Stopped
	p.stopped++
	if p.stopped == len(p.states) {
		p.rest.Broadcast()
	}
}

// busy reports whether anything is pending or active. The caller holds p.mu.
func (p *Pool[T]) busy() bool {
	return p.queue.len > 0 || p.active > 0
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
