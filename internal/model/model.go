// Package model holds sequential specifications of the three components: what
// each call does and returns if calls happen one after the other. A recorded
// concurrent history is right if some order of its operations, compatible with
// real time, is a run of the model (linearizability: Herlihy and Wing, TOPLAS
// 12(3), 1990); a history of one client is right if it is a run as it stands.
//
// The package also fixes the names of operations and how their arguments and
// results are written as numbers.
//
// It is compiled into workers and uses the standard library alone.
package model

import (
	"encoding/binary"
	"errors"
	"fmt"

	"racebench/internal/protocol"
)

// State is a state of a model, encoded so that equal states are equal strings.
type State string

// Model is a sequential specification.
type Model interface {
	// Init returns the first state; params are those of protocol.History.
	Init(params []int64) (State, error)
	// At returns a machine in that state.
	At(s State) Machine
	// Describe writes an operation with the given results for a reader.
	Describe(op protocol.Operation, out []int64) string
}

// Machine is a model in one of its states.
type Machine interface {
	// Step executes an operation. It reports whether the operation could have
	// returned what it did, and what the model would have returned, which is
	// valid until the next step. want is nil where no single answer is the right
	// one: where an internal step such as the start of a task cannot happen at
	// all. After a step that could not happen the machine is of no use.
	Step(op protocol.Operation) (want []int64, ok bool)
	// State returns the state that the steps have led to.
	State() State
}

// Step executes an operation in the state s, as Machine.Step does, and returns
// the state after it.
func Step(m Model, s State, op protocol.Operation) (next State, want []int64, ok bool) {
	machine := m.At(s)
	want, ok = machine.Step(op)
	return machine.State(), want, ok
}

// The names of the models, as protocol.History.Model carries them.
const (
	Cache      = "cache"
	Counter    = "counter"
	WorkerPool = "workerpool"
)

// For returns the model of that name.
func For(name string) (Model, bool) {
	switch name {
	case Cache:
		return cacheModel{}, true
	case Counter:
		return counterModel{}, true
	case WorkerPool:
		return poolModel{}, true
	}
	return nil, false
}

// Sentence names the sentence of docs/contract.md that asks the histories of a
// model to be linearizable.
func Sentence(name string) string {
	return map[string]string{Cache: "C9", Counter: "M6", WorkerPool: "W8"}[name]
}

// Bounds on what a history may ask of a model. Histories come from a process
// that runs code which is not to be trusted.
const (
	maxInit = 1 << 20
	maxOps  = 1 << 16
)

var errParams = errors.New("model: malformed parameters")

// Validate returns an error if the history cannot be checked at all: an unknown
// model or operation, or numbers that are missing.
func Validate(h protocol.History) error {
	m, ok := For(h.Model)
	if !ok {
		return fmt.Errorf("model: unknown model %q", h.Model)
	}
	if _, err := m.Init(h.Init); err != nil {
		return err
	}
	if len(h.Ops) > maxOps {
		return fmt.Errorf("model: %d operations are too many", len(h.Ops))
	}
	shapes := map[string]map[string]shape{Cache: cacheShapes, Counter: counterShapes, WorkerPool: poolShapes}[h.Model]
	for _, op := range h.Ops {
		s, ok := shapes[op.Name]
		if !ok || len(op.In) != s.in || s.out >= 0 && len(op.Out) != s.out || op.Return < op.Call {
			return fmt.Errorf("model: malformed operation %q of %s", op.Name, h.Model)
		}
	}
	return nil
}

// shape is how many numbers an operation takes and returns; out < 0 means any.
type shape struct{ in, out int }

// encoder writes states.
type encoder []byte

func (e *encoder) int(x int64)   { *e = binary.AppendVarint(*e, x) }
func (e *encoder) uint(x uint64) { *e = binary.AppendUvarint(*e, x) }
func (e *encoder) ints(xs []int64) {
	e.uint(uint64(len(xs)))
	for _, x := range xs {
		e.int(x)
	}
}

// decoder reads what encoder wrote; states are never read from outside.
type decoder []byte

func (d *decoder) int() int64 {
	x, n := binary.Varint(*d)
	*d = (*d)[n:]
	return x
}

func (d *decoder) uint() uint64 {
	x, n := binary.Uvarint(*d)
	*d = (*d)[n:]
	return x
}

func (d *decoder) ints() []int64 {
	n := int(d.uint())
	if n == 0 {
		return nil
	}
	xs := make([]int64, n)
	for i := range xs {
		xs[i] = d.int()
	}
	return xs
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
