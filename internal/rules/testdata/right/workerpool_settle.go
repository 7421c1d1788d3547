// workerpool settle: every change is made by a function that gets the books; who has to be woken is seen from the books afterwards, and woken when the lock is free again.
package workerpool

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
)

// Pool is a fixed number of workers with a queue of tasks. It must not be
// copied after first use.
type Pool[T any] struct {
	mu    sync.Mutex
	books books[T]
	wake  *sync.Cond
	calm  *sync.Cond
	crew  sync.WaitGroup
}

// New starts the workers. It panics if workers < 1.
func New[T any](workers int) *Pool[T] {
	if workers < 1 {
		panic("workerpool: workers < 1")
	}
	p := new(Pool[T])
	p.wake, p.calm = sync.NewCond(&p.mu), sync.NewCond(&p.mu)
	p.books.states = make([]State, workers)
	p.books.stats.Idle = workers
	p.crew.Add(workers)
	for id := range workers {
		go p.work(id)
	}
	return p
}

// change makes a change of the books and wakes whom it concerns.
func (p *Pool[T]) change(how func(b *books[T])) {
	p.mu.Lock()
	how(&p.books)
	pending, closed, quiet := len(p.books.queue), p.books.closed, p.books.quiet()
	p.mu.Unlock()
	switch {
	case closed:
		p.wake.Broadcast()
	case pending > 0:
		p.wake.Signal()
	}
	if quiet {
		p.calm.Broadcast()
	}
}

func (p *Pool[T]) work(id int) {
	defer p.crew.Done()
	for o := p.next(id); o.task != nil; o = p.next(id) {
		r := attempt(o.task)
		p.change(func(b *books[T]) { b.end(id, o.epoch, r) })
	}
}

// next waits for a task and starts it. The order is empty if there will be none.
func (p *Pool[T]) next(id int) (o order[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.books.queue) == 0 {
		if p.books.closed {
			p.books.turn(id, Stopped)
			return o
		}
		p.wake.Wait()
	}
	return p.books.begin(id)
}

// attempt runs a task. One that panics has failed.
func attempt[T any](task func() (T, error)) (r Result[T]) {
	defer func() {
		if v := recover(); v != nil {
			r = Result[T]{Err: &PanicError{Value: v, Stack: debug.Stack()}}
		}
	}()
	r.Value, r.Err = task()
	return r
}

// Submit queues task. It returns ErrClosed after Close.
func (p *Pool[T]) Submit(task func() (T, error)) (err error) {
	p.change(func(b *books[T]) {
		if b.closed {
			err = ErrClosed
			return
		}
		b.queue = append(b.queue, task)
		b.stats.Submitted++
	})
	return err
}

// Wait returns once nothing is pending or active.
func (p *Pool[T]) Wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.books.quiet() {
		p.calm.Wait()
	}
}

// Close refuses new tasks, and returns when the accepted ones have ended and
// every worker has stopped.
func (p *Pool[T]) Close() {
	p.change(func(b *books[T]) { b.closed = true })
	p.crew.Wait()
}

// Pending is the number of tasks that wait for a worker.
func (p *Pool[T]) Pending() int {
	return p.Stats().Pending
}

// Results are the results so far, in the order in which the tasks ended.
func (p *Pool[T]) Results() []Result[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.books.results)
}

// WorkerStates says what each worker does.
func (p *Pool[T]) WorkerStates() []State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.books.states)
}

// Stats is a snapshot.
func (p *Pool[T]) Stats() Stats {
	p.mu.Lock()
	s, pending := p.books.stats, len(p.books.queue)
	p.mu.Unlock()
	s.Pending = pending
	s.Workers = s.Idle + s.Active + s.Stopped
	return s
}

// Reset drops the pending tasks and forgets results and counts.
func (p *Pool[T]) Reset() { p.change((*books[T]).forget) }

// ErrClosed is returned by Submit after Close.
var ErrClosed = errors.New("workerpool: closed")

// PanicError is the error of a task that panicked.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("workerpool: task panicked: %v", e.Value) }

// Unwrap returns Value, if that is an error.
func (e *PanicError) Unwrap() error {
	if err, ok := e.Value.(error); ok {
		return err
	}
	return nil
}

// Result is what a task returned.
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

func (s State) String() string {
	switch s {
	case Idle:
		return "idle"
	case Busy:
		return "busy"
	case Stopped:
		return "stopped"
	default:
		return fmt.Sprintf("State(%d)", int(s))
	}
}

// Stats is one consistent view of a pool.
type Stats struct {
	Workers, Idle, Active, Stopped, Pending int
	Submitted, Completed, Failed            uint64
}

// books is all that a pool knows, and is used by one goroutine at a time.
type books[T any] struct {
	queue   []func() (T, error)
	results []Result[T]
	states  []State
	epoch   uint
	closed  bool
	stats   Stats // but for Workers and Pending
}

// begin has a worker start the first task of the queue.
func (b *books[T]) begin(id int) order[T] {
	o := order[T]{task: b.queue[0], epoch: b.epoch}
	b.queue[0] = nil
	b.queue = b.queue[1:]
	b.turn(id, Busy)
	return o
}

// end has a worker end a task of some epoch.
func (b *books[T]) end(id int, epoch uint, r Result[T]) {
	b.turn(id, Idle)
	if epoch != b.epoch {
		b.stats.Submitted--
		return
	}
	b.results = append(b.results, r)
	if r.Err == nil {
		b.stats.Completed++
		return
	}
	b.stats.Failed++
}

// turn has a worker change its state.
func (b *books[T]) turn(id int, to State) {
	*b.in(b.states[id])--
	b.states[id] = to
	*b.in(to)++
}

// in is the number of workers in a state.
func (b *books[T]) in(s State) *int {
	switch s {
	case Busy:
		return &b.stats.Active
	case Stopped:
		return &b.stats.Stopped
	}
	return &b.stats.Idle
}

func (b *books[T]) forget() {
	b.queue, b.results = nil, nil
	b.epoch++
	b.stats.Submitted, b.stats.Completed, b.stats.Failed = uint64(b.stats.Active), 0, 0
}

func (b *books[T]) quiet() bool { return len(b.queue) == 0 && b.stats.Active == 0 }

// order is a task that is to be run.
type order[T any] struct {
	task  func() (T, error)
	epoch uint
}
