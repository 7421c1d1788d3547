package model

import (
	"fmt"
	"slices"
	"strings"

	"racebench/internal/protocol"
)

// The operations of the worker pool. Init is the number of workers. A task is
// any number that tells it from every other. An error is 0 for none, ErrPanic
// for a *PanicError, and any other number for the error that the task returned.
const (
	PoolSubmit  = "submit"  // in: task; out: accepted (0 or 1)
	PoolPending = "pending" // out: number
	PoolResults = "results" // out: value, error of each result
	PoolStates  = "states"  // out: idle, busy, stopped: how many of each
	PoolStats   = "stats"   // out: workers, idle, active, stopped, pending, submitted, completed, failed
	PoolReset   = "reset"
	PoolWait    = "wait" // returned: nothing was pending or active at some instant

	// The two steps of a task (W4).

	PoolStart = "start" // in: task
	PoolEnd   = "end"   // in: task, value, error

	// Close in two steps: it refuses new tasks, and it returns when all
	// workers have stopped.

	PoolClose  = "close"
	PoolClosed = "closed"
)

// ErrPanic is the number of a *PanicError.
const ErrPanic = -1

var poolShapes = map[string]shape{
	PoolSubmit: {1, 1}, PoolPending: {0, 1}, PoolResults: {0, -1}, PoolStates: {0, 3}, PoolStats: {0, 8},
	PoolReset: {0, 0}, PoolWait: {0, 0}, PoolStart: {1, 0}, PoolEnd: {3, 0}, PoolClose: {0, 0}, PoolClosed: {0, 0},
}

// poolState is the state of a pool.
type poolState struct {
	workers int64
	closed  bool
	// stopped is how many workers are known to have stopped: after Close they
	// may do so at any moment.
	stopped           int64
	completed, failed int64
	pending           []int64
	active            []int64 // ascending
	forgotten         []int64 // active, but started before a Reset; ascending
	results           []int64 // value, error, value, error, …
}

// State encodes the state.
func (p *poolState) State() State {
	e := make(encoder, 0, 64)
	e.int(p.workers)
	e.int(flag(p.closed))
	e.int(p.stopped)
	e.int(p.completed)
	e.int(p.failed)
	e.ints(p.pending)
	e.ints(p.active)
	e.ints(p.forgotten)
	e.ints(p.results)
	return State(e)
}

func decodePool(s State) *poolState {
	d := decoder(s)
	return &poolState{
		workers: d.int(), closed: d.int() != 0, stopped: d.int(), completed: d.int(), failed: d.int(),
		pending: d.ints(), active: d.ints(), forgotten: d.ints(), results: d.ints(),
	}
}

func (p *poolState) busy() int64 { return int64(len(p.active) + len(p.forgotten)) }

// stop reports whether observed can be the number of stopped workers now, and
// remembers it.
func (p *poolState) stop(observed int64) bool {
	if observed == p.stopped {
		return true
	}
	if !p.closed || observed < p.stopped || observed > p.workers-p.busy() {
		return false
	}
	p.stopped = observed
	return true
}

type poolModel struct{}

func (poolModel) Init(params []int64) (State, error) {
	if len(params) != 1 || params[0] < 1 || params[0] > maxInit {
		return "", errParams
	}
	return (&poolState{workers: params[0]}).State(), nil
}

func (poolModel) At(s State) Machine { return decodePool(s) }

// Step executes an operation.
func (p *poolState) Step(op protocol.Operation) (want []int64, ok bool) {
	switch op.Name {
	case PoolSubmit:
		want = []int64{flag(!p.closed)}
		if !p.closed {
			p.pending = append(p.pending, op.In[0])
		}
	case PoolPending:
		want = []int64{int64(len(p.pending))}
	case PoolResults:
		want = p.results
	case PoolStates:
		p.stop(op.Out[2])
		want = []int64{p.workers - p.busy() - p.stopped, p.busy(), p.stopped}
	case PoolStats:
		p.stop(op.Out[3])
		n := int64(len(p.pending))
		want = []int64{
			p.workers, p.workers - p.busy() - p.stopped, p.busy(), p.stopped, n,
			n + p.busy() + p.completed + p.failed, p.completed, p.failed,
		}
	case PoolReset:
		p.forgotten = append(p.forgotten, p.active...)
		slices.Sort(p.forgotten)
		p.active, p.pending, p.results = nil, nil, nil
		p.completed, p.failed = 0, 0
	case PoolWait:
		if len(p.pending) > 0 || p.busy() > 0 {
			return nil, false
		}
	case PoolStart:
		if len(p.pending) == 0 || p.pending[0] != op.In[0] || p.busy() >= p.workers-p.stopped {
			return nil, false
		}
		p.pending = p.pending[1:]
		i, _ := slices.BinarySearch(p.active, op.In[0])
		p.active = slices.Insert(p.active, i, op.In[0])
	case PoolEnd:
		if i, found := slices.BinarySearch(p.forgotten, op.In[0]); found {
			p.forgotten = slices.Delete(p.forgotten, i, i+1)
			break
		}
		i, found := slices.BinarySearch(p.active, op.In[0])
		if !found {
			return nil, false
		}
		p.active = slices.Delete(p.active, i, i+1)
		if op.In[2] == 0 {
			p.completed++
		} else {
			p.failed++
		}
		p.results = append(p.results, op.In[1], op.In[2])
	case PoolClose:
		p.closed = true
	case PoolClosed:
		if !p.closed || len(p.pending) > 0 || p.busy() > 0 {
			return nil, false
		}
		p.stopped = p.workers
	default:
		return nil, false
	}
	return want, slices.Equal(want, op.Out)
}

func (poolModel) Describe(op protocol.Operation, out []int64) string {
	in := func(i int) int64 { return at(op.In, i) }
	switch op.Name {
	case PoolSubmit:
		if at(out, 0) == 0 {
			return fmt.Sprintf("Submit(task %d) = ErrClosed", in(0))
		}
		return fmt.Sprintf("Submit(task %d) = <nil>", in(0))
	case PoolPending:
		return fmt.Sprintf("Pending() = %d", at(out, 0))
	case PoolResults:
		var b strings.Builder
		b.WriteString("Results() = [")
		for i := 0; i+1 < len(out); i += 2 {
			if i > 0 {
				b.WriteByte(' ')
			}
			switch out[i+1] {
			case 0:
				fmt.Fprint(&b, out[i])
			case ErrPanic:
				fmt.Fprintf(&b, "{%d, *PanicError}", out[i])
			default:
				fmt.Fprintf(&b, "{%d, error %d}", out[i], out[i+1])
			}
		}
		return b.String() + "]"
	case PoolStates:
		return fmt.Sprintf("WorkerStates() = %d idle, %d busy, %d stopped", at(out, 0), at(out, 1), at(out, 2))
	case PoolStats:
		return fmt.Sprintf("Stats() = {Workers:%d Idle:%d Active:%d Stopped:%d Pending:%d Submitted:%d Completed:%d Failed:%d}",
			at(out, 0), at(out, 1), at(out, 2), at(out, 3), at(out, 4), at(out, 5), at(out, 6), at(out, 7))
	case PoolReset:
		return "Reset()"
	case PoolWait:
		return "Wait()"
	case PoolStart:
		return fmt.Sprintf("task %d started", in(0))
	case PoolEnd:
		switch in(2) {
		case 0:
			return fmt.Sprintf("task %d ended with %d", in(0), in(1))
		case ErrPanic:
			return fmt.Sprintf("task %d panicked", in(0))
		}
		return fmt.Sprintf("task %d ended with %d and error %d", in(0), in(1), in(2))
	case PoolClose:
		return "Close() began"
	case PoolClosed:
		return "Close() returned"
	}
	return op.Name
}
