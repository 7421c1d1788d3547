// workerpool scheduler: a scheduler that knows nothing of types runs jobs, which are closures made by Submit; a job hands back a function that writes its result down, and the scheduler calls that in the step that ends it.
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
	scheduler scheduler
	results   []Result[T] // guarded by the scheduler
}

// New starts the workers. It panics if workers < 1.
func New[T any](workers int) *Pool[T] {
	if workers < 1 {
		panic("workerpool: workers < 1")
	}
	p := new(Pool[T])
	p.scheduler.init(workers)
	return p
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
	accepted := p.scheduler.submit(func() (bool, func()) {
		r := attempt(task)
		return r.Err != nil, func() { p.results = append(p.results, r) }
	})
	if !accepted {
		return ErrClosed
	}
	return nil
}

// Wait returns once nothing is pending or active.
func (p *Pool[T]) Wait() { p.scheduler.wait() }

// Close refuses new tasks, and returns when the accepted ones have ended and
// every worker has stopped.
func (p *Pool[T]) Close() { p.scheduler.close() }

// Pending is the number of tasks that wait for a worker.
func (p *Pool[T]) Pending() int {
	p.scheduler.Lock()
	defer p.scheduler.Unlock()
	return p.scheduler.pending
}

// Results are the results so far, in the order in which the tasks ended.
func (p *Pool[T]) Results() []Result[T] {
	p.scheduler.Lock()
	defer p.scheduler.Unlock()
	return slices.Clone(p.results)
}

// WorkerStates says what each worker does.
func (p *Pool[T]) WorkerStates() []State {
	p.scheduler.Lock()
	defer p.scheduler.Unlock()
	return slices.Clone(p.scheduler.states)
}

// Stats is a snapshot.
func (p *Pool[T]) Stats() Stats {
	p.scheduler.Lock()
	defer p.scheduler.Unlock()
	return p.scheduler.stats()
}

// Reset drops the pending tasks and forgets results and counts.
func (p *Pool[T]) Reset() {
	p.scheduler.Lock()
	defer p.scheduler.Unlock()
	p.results = nil
	p.scheduler.forget()
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

// job is a task of whatever type. It runs without a lock, and returns whether the
// task failed and a function that keeps what it returned, which is called with the lock held.
type job func() (failed bool, keep func())

type link struct {
	job  job
	next *link
}

// scheduler runs jobs on a fixed number of workers.
type scheduler struct {
	sync.Mutex

	work, calm *sync.Cond
	first      *link // the next job
	last       *link
	pending    int
	states     []State
	count      [3]int // workers by state
	completed  uint64
	failed     uint64
	forgotten  uint64 // how often
	closed     bool
	workers    sync.WaitGroup
}

func (s *scheduler) init(workers int) {
	s.work = sync.NewCond(s)
	s.calm = sync.NewCond(s)
	s.states = make([]State, workers)
	s.count[Idle] = workers
	s.workers.Add(workers)
	for id := range workers {
		go s.run(id)
	}
}

func (s *scheduler) run(id int) {
	defer s.workers.Done()
	for {
		j, forgotten := s.begin(id)
		if j == nil {
			return
		}
		failed, keep := j()
		s.end(id, forgotten, failed, keep)
	}
}

func (s *scheduler) begin(id int) (job, uint64) {
	s.Lock()
	defer s.Unlock()
	for s.first == nil {
		if s.closed {
			s.enter(id, Stopped)
			return nil, 0
		}
		s.work.Wait()
	}
	l := s.first
	if s.first = l.next; s.first == nil {
		s.last = nil
	}
	s.pending--
	s.enter(id, Busy)
	return l.job, s.forgotten
}

func (s *scheduler) end(id int, forgotten uint64, failed bool, keep func()) {
	s.Lock()
	defer s.Unlock()
	s.enter(id, Idle)
	if forgotten == s.forgotten {
		keep()
		if failed {
			s.failed++
		} else {
			s.completed++
		}
	}
	s.tell()
}

// enter has a worker change its state. The scheduler is locked.
func (s *scheduler) enter(id int, state State) {
	s.count[s.states[id]]--
	s.count[state]++
	s.states[id] = state
}

func (s *scheduler) busy() bool { return s.pending+s.count[Busy] > 0 }

// tell lets those know who wait for a scheduler at rest. It is locked.
func (s *scheduler) tell() {
	if !s.busy() {
		s.calm.Broadcast()
	}
}

func (s *scheduler) submit(j job) bool {
	s.Lock()
	defer s.Unlock()
	if s.closed {
		return false
	}
	l := &link{job: j}
	if s.last == nil {
		s.first = l
	} else {
		s.last.next = l
	}
	s.last = l
	s.pending++
	s.work.Signal()
	return true
}

func (s *scheduler) wait() {
	s.Lock()
	defer s.Unlock()
	for s.busy() {
		s.calm.Wait()
	}
}

func (s *scheduler) close() {
	s.Lock()
	s.closed = true
	s.work.Broadcast()
	s.Unlock()
	s.workers.Wait()
}

// forget drops what is pending and what was counted. The scheduler is locked.
func (s *scheduler) forget() {
	s.first, s.last, s.pending = nil, nil, 0
	s.completed, s.failed = 0, 0
	s.forgotten++
	s.tell()
}

// stats is a snapshot. The scheduler is locked.
func (s *scheduler) stats() Stats {
	return Stats{
		Workers:   len(s.states),
		Idle:      s.count[Idle],
		Active:    s.count[Busy],
		Stopped:   s.count[Stopped],
		Pending:   s.pending,
		Submitted: uint64(s.pending+s.count[Busy]) + s.completed + s.failed,
		Completed: s.completed,
		Failed:    s.failed,
	}
}
