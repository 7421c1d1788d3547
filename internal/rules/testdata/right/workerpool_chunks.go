// workerpool chunks: the queue is a chain of chunks; a worker that wakes goes back to the beginning of its loop, where everything is looked at; the conditions are values that get their lock by assignment.
package workerpool

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
)

type worker struct {
	state State
	// resets is how many there had been when the task began.
	resets uint64
}

// Pool is a fixed number of workers with a queue of tasks. It must not be
// copied after first use.
type Pool[T any] struct {
	mu   sync.Mutex
	work sync.Cond // there is something for a worker to do
	rest sync.Cond // there is nothing to do for anybody

	workers   []worker
	queue     chunks[func() (T, error)]
	results   []Result[T]
	active    int
	submitted uint64
	completed uint64
	failed    uint64
	resets    uint64
	closed    bool

	present sync.WaitGroup
}

// New starts the workers. It panics if workers < 1.
func New[T any](workers int) *Pool[T] {
	if workers < 1 {
		panic("workerpool: workers < 1")
	}
	p := &Pool[T]{workers: make([]worker, workers)}
	p.work.L = &p.mu
	p.rest.L = &p.mu
	for i := range p.workers {
		p.present.Go(func() { p.run(&p.workers[i]) })
	}
	return p
}

func (p *Pool[T]) run(w *worker) {
	for {
		p.mu.Lock()
		if p.queue.size == 0 {
			if p.closed {
				w.state = Stopped
				p.mu.Unlock()
				return
			}
			p.work.Wait()
			p.mu.Unlock()
			continue
		}
		task := p.queue.pop()
		w.state, w.resets = Busy, p.resets
		p.active++
		p.mu.Unlock()

		r := attempt(task)

		p.mu.Lock()
		w.state = Idle
		p.active--
		switch {
		case w.resets != p.resets:
			p.submitted--
		case r.Err != nil:
			p.failed++
			p.results = append(p.results, r)
		default:
			p.completed++
			p.results = append(p.results, r)
		}
		if p.active == 0 && p.queue.size == 0 {
			p.rest.Broadcast()
		}
		p.mu.Unlock()
	}
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
func (p *Pool[T]) Submit(task func() (T, error)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.queue.push(task)
	p.submitted++
	p.work.Signal()
	return nil
}

// Wait returns once nothing is pending or active.
func (p *Pool[T]) Wait() {
	p.mu.Lock()
	for p.active != 0 || p.queue.size != 0 {
		p.rest.Wait()
	}
	p.mu.Unlock()
}

// Close refuses new tasks, and returns when the accepted ones have ended and
// every worker has stopped.
func (p *Pool[T]) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.work.Broadcast()
	p.present.Wait()
}

// Pending is the number of tasks that wait for a worker.
func (p *Pool[T]) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queue.size
}

// Results are the results so far, in the order in which the tasks ended.
func (p *Pool[T]) Results() []Result[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.results)
}

// WorkerStates says what each worker does.
func (p *Pool[T]) WorkerStates() []State {
	states := make([]State, len(p.workers))
	p.mu.Lock()
	for i := range p.workers {
		states[i] = p.workers[i].state
	}
	p.mu.Unlock()
	return states
}

// Stats is a snapshot.
func (p *Pool[T]) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	stopped := 0
	for i := range p.workers {
		if p.workers[i].state == Stopped {
			stopped++
		}
	}
	return Stats{
		Workers:   len(p.workers),
		Idle:      len(p.workers) - p.active - stopped,
		Active:    p.active,
		Stopped:   stopped,
		Pending:   p.queue.size,
		Submitted: p.submitted,
		Completed: p.completed,
		Failed:    p.failed,
	}
}

// Reset drops the pending tasks and forgets results and counts.
func (p *Pool[T]) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resets++
	p.queue = chunks[func() (T, error)]{}
	p.results = nil
	p.submitted, p.completed, p.failed = uint64(p.active), 0, 0
	if p.active == 0 {
		p.rest.Broadcast()
	}
}

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

const chunkSize = 64

// chunks is a queue; the zero value is empty.
type chunks[E any] struct {
	head, tail *chunk[E]
	from, to   int // in head and tail
	size       int
}

type chunk[E any] struct {
	next  *chunk[E]
	items [chunkSize]E
}

func (c *chunks[E]) push(e E) {
	if c.tail == nil || c.to == chunkSize {
		fresh := new(chunk[E])
		if c.tail == nil {
			c.head, c.from = fresh, 0
		} else {
			c.tail.next = fresh
		}
		c.tail, c.to = fresh, 0
	}
	c.tail.items[c.to] = e
	c.to++
	c.size++
}

// pop takes out the first element. There must be one.
func (c *chunks[E]) pop() E {
	if c.from == chunkSize {
		c.head, c.from = c.head.next, 0
	}
	var none E
	e := c.head.items[c.from]
	c.head.items[c.from] = none
	c.from++
	c.size--
	return e
}
