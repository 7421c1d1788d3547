// Package history decides whether a recorded history is one that a right
// component could have produced: in any order compatible with real time
// (Check), or, for a history of one client, as it stands (Replay). The models
// are those of package model; the search is porcupine's.
package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"racebench/internal/model"
	"racebench/internal/protocol"
)

// Verdict is the answer of Check. Unknown is not Ok.
type Verdict int

// The verdicts.
const (
	// Unknown: the search ran out of time, or the history cannot be checked.
	Unknown Verdict = iota
	Ok
	Illegal
)

// String returns "unknown", "ok" or "illegal".
func (v Verdict) String() string {
	switch v {
	case Ok:
		return "ok"
	case Illegal:
		return "illegal"
	default:
		return "unknown"
	}
}

// Check reports whether the history is linearizable. The explanation says why
// not, for a reader, or why it is unknown; it is empty for Ok. A timeout of 0
// means none.
func Check(h protocol.History, timeout time.Duration) (Verdict, string) {
	if err := model.Validate(h); err != nil {
		return Unknown, err.Error()
	}
	m, _ := model.For(h.Model)
	initial, err := m.Init(h.Init)
	if err != nil {
		return Unknown, err.Error()
	}
	parts := partition(h)
	spec := porcupine.Model{
		Init: func() any { return initial },
		Step: func(state, input, _ any) (bool, any) {
			next, _, ok := model.Step(m, state.(model.State), input.(protocol.Operation))
			return ok, next
		},
		Hash: func(state any) uint64 { return hash(state.(model.State)) },
	}
	deadline := time.Now().Add(timeout)
	for _, ops := range parts {
		left := time.Duration(0)
		if timeout > 0 {
			if left = time.Until(deadline); left <= 0 {
				return Unknown, fmt.Sprintf("no decision in %v", timeout)
			}
		}
		calls := make([]porcupine.Operation, len(ops))
		for i, op := range ops {
			calls[i] = porcupine.Operation{ClientId: op.Client, Input: op, Call: op.Call, Return: op.Return}
		}
		verdict, info := porcupine.CheckOperationsVerbose(spec, calls, left)
		switch verdict {
		case porcupine.Unknown:
			return Unknown, fmt.Sprintf("no decision in %v", timeout)
		case porcupine.Illegal:
			return Illegal, explain(m, initial, ops, info, cmp.Or(h.Unit, "ns"))
		}
	}
	return Ok, ""
}

// hash is FNV-1a.
func hash(s model.State) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// perKey are the operations of the cache that touch one key and nothing else,
// as long as nothing is evicted and nobody looks at the statistics.
var perKey = map[string]bool{
	model.CacheGet: true, model.CachePut: true, model.CacheDelete: true, model.CacheLoadGot: true,
	model.CacheLoadLead: true, model.CacheLoadJoin: true, model.CacheLoadDone: true, model.CacheLoadFail: true,
}

// partition splits a history into parts that can be checked apart: it is
// linearizable if and only if each of them is (Herlihy and Wing's locality). A
// cache with room for every key that occurs is one register per key.
func partition(h protocol.History) [][]protocol.Operation {
	whole := [][]protocol.Operation{h.Ops}
	if h.Model != model.Cache {
		return whole
	}
	byKey := map[int64][]protocol.Operation{}
	for _, op := range h.Ops {
		if !perKey[op.Name] {
			return whole
		}
		byKey[op.In[0]] = append(byKey[op.In[0]], op)
	}
	if int64(len(byKey)) > h.Init[0] {
		return whole
	}
	parts := make([][]protocol.Operation, 0, len(byKey))
	for _, ops := range byKey {
		parts = append(parts, ops)
	}
	// The order decides which part is explained, so it must not be the map's.
	slices.SortFunc(parts, func(a, b []protocol.Operation) int {
		return cmp.Compare(a[0].In[0], b[0].In[0])
	})
	return parts
}

// shown bounds the lines of an explanation that repeat what went well.
const shown = 12

// explain describes the longest order found that the model allows, and the
// first operation after it that no continuation allows.
func explain(m model.Model, initial model.State, ops []protocol.Operation, info porcupine.LinearizationInfo, unit string) string {
	var order []int
	for _, part := range info.PartialLinearizations() {
		for _, candidate := range part {
			if len(candidate) > len(order) {
				order = candidate
			}
		}
	}
	state := initial
	done := make([]bool, len(ops))
	var lines []string
	for _, i := range order {
		state, _, _ = model.Step(m, state, ops[i])
		done[i] = true
		lines = append(lines, line(m, ops[i], ops, unit))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "no order of these operations explains their results; the longest that does has %d of %d:\n", len(order), len(ops))
	if skip := len(lines) - shown; skip > 0 {
		fmt.Fprintf(&b, "  … %d more before these\n", skip)
		lines = lines[skip:]
	}
	for _, l := range lines {
		b.WriteString("  " + l + "\n")
	}

	// One of those that overlap the earliest return would have to be next.
	first := int64(1<<63 - 1)
	for i, op := range ops {
		if !done[i] {
			first = min(first, op.Return)
		}
	}
	b.WriteString("then none of these is possible:\n")
	for i, op := range ops {
		if done[i] || op.Call > first {
			continue
		}
		b.WriteString("  " + line(m, op, ops, unit))
		if _, want, _ := model.Step(m, state, op); want != nil {
			fmt.Fprintf(&b, "; the model: %s", m.Describe(op, want))
		}
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// line describes one operation with its client and its interval, counted from
// the beginning of the history.
func line(m model.Model, op protocol.Operation, ops []protocol.Operation, unit string) string {
	began := op.Call
	for _, other := range ops {
		began = min(began, other.Call)
	}
	return fmt.Sprintf("client %d [%d, %d %s] %s", op.Client, op.Call-began, op.Return-began, unit, m.Describe(op, op.Out))
}

// Difference is the first call of a one-client history that a right component
// would have answered differently.
type Difference struct {
	// Index counts the operations from 0.
	Index int
	// Before are the operations just before it, for a reader, oldest first.
	Before             []string
	Expected, Observed string
	// Contract are the sentences of docs/contract.md that the answer is about.
	Contract []string
}

// String says it in one line.
func (d Difference) String() string {
	return fmt.Sprintf("call %d: expected %s, observed %s", d.Index+1, d.Expected, d.Observed)
}

// Replay steps a history of one client through its model, in the order in which
// the operations stand there. It returns nil if every answer is right, and an
// error if the history cannot be stepped.
func Replay(h protocol.History) (*Difference, error) {
	if err := model.Validate(h); err != nil {
		return nil, err
	}
	m, _ := model.For(h.Model)
	state, err := m.Init(h.Init)
	if err != nil {
		return nil, err
	}
	machine := m.At(state)
	for i, op := range h.Ops {
		want, ok := machine.Step(op)
		if ok {
			continue
		}
		d := &Difference{Index: i, Expected: "this cannot happen here", Observed: m.Describe(op, op.Out), Contract: answers[h.Model][op.Name]}
		if want != nil {
			d.Expected = m.Describe(op, want)
		}
		for _, earlier := range h.Ops[max(0, i-8):i] {
			d.Before = append(d.Before, m.Describe(earlier, earlier.Out))
		}
		return d, nil
	}
	return nil, nil
}
