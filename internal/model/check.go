package model

import (
	"encoding/binary"
	"sort"

	"racebench/internal/protocol"
)

// Linearizable reports whether the history is linearizable. It gives up after
// limit states, and then decided is false. It is meant for the small histories
// of an explored test, in the process that made them; larger ones are checked
// by the judge.
//
// The search is that of Wing and Gong (JPDC 17, 1993), with the memory of
// configurations already seen that Lowe added ("Testing for linearizability",
// CCPE 29(4), 2017): a configuration is the set of operations linearized so far
// and the state they lead to.
func Linearizable(h protocol.History, limit int) (ok, decided bool) {
	if Validate(h) != nil {
		return false, false
	}
	m, _ := For(h.Model)
	s := &search{model: m, ops: byCall(h.Ops), seen: map[string]struct{}{}, limit: limit}
	s.done = make([]uint64, (len(s.ops)+63)/64)
	state, _ := m.Init(h.Init)
	ok = s.from(state, len(s.ops))
	return ok, ok || !s.gaveUp
}

func byCall(ops []protocol.Operation) []protocol.Operation {
	sorted := append([]protocol.Operation(nil), ops...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Call < sorted[j].Call })
	return sorted
}

type search struct {
	model  Model
	ops    []protocol.Operation // by Call
	done   []uint64             // a bit for each that is linearized
	seen   map[string]struct{}
	limit  int
	gaveUp bool
}

func (s *search) isDone(i int) bool { return s.done[i/64]>>(i%64)&1 != 0 }
func (s *search) flip(i int)        { s.done[i/64] ^= 1 << (i % 64) }

// from reports whether the left operations that are not done can follow.
func (s *search) from(state State, left int) bool {
	if left == 0 {
		return true
	}
	key := make([]byte, 0, 8*len(s.done)+len(state))
	for _, w := range s.done {
		key = binary.LittleEndian.AppendUint64(key, w)
	}
	key = append(key, state...)
	if _, again := s.seen[string(key)]; again {
		return false
	}
	if len(s.seen) >= s.limit {
		s.gaveUp = true
		return false
	}
	s.seen[string(key)] = struct{}{}

	// The next operation is one that was called before any other returned.
	// Intervals are closed: what returns at the instant of a call overlaps it.
	first := int64(1<<63 - 1)
	for i, op := range s.ops {
		if !s.isDone(i) && op.Return < first {
			first = op.Return
		}
	}
	for i, op := range s.ops {
		if op.Call > first {
			break
		}
		if s.isDone(i) {
			continue
		}
		next, _, ok := Step(s.model, state, op)
		if !ok {
			continue
		}
		s.flip(i)
		if s.from(next, left-1) {
			return true
		}
		s.flip(i)
	}
	return false
}
