package model_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"racebench/internal/model"
	"racebench/internal/protocol"
)

// first is a flight.
const first = model.FirstFlight

// op makes an operation; its interval comes from its place in the history.
func op(name string, in []int64, out ...int64) protocol.Operation {
	return protocol.Operation{Name: name, In: in, Out: out}
}

func in(xs ...int64) []int64 { return xs }

// sequence gives the operations intervals one after the other.
func sequence(ops ...protocol.Operation) []protocol.Operation {
	for i := range ops {
		ops[i].Call, ops[i].Return = int64(10*i), int64(10*i+5)
	}
	return ops
}

// during overlaps the interval of an operation with those from the first to the
// last operation of the history.
func during(client int, call, ret int64, o protocol.Operation) protocol.Operation {
	o.Client, o.Call, o.Return = client, call, ret
	return o
}

func rate(f float64) int64 { return int64(math.Float64bits(f)) }

// histories are known to be right or wrong.
var histories = []struct {
	name string
	ok   bool
	h    protocol.History
}{
	{"cache: first in, first out", true, protocol.History{Model: model.Cache, Init: in(2), Ops: sequence(
		op(model.CachePut, in(1, 10)), op(model.CachePut, in(2, 20)),
		op(model.CachePut, in(1, 11)), // replaces, and stays the oldest
		op(model.CachePut, in(3, 30)),
		op(model.CacheGet, in(1), 0, 0), op(model.CacheGet, in(2), 1, 20),
		op(model.CacheStats, nil, 1, 1, 1, 2, 2), op(model.CacheHitRate, nil, rate(0.5)),
	)}},
	{"cache: a replacement made the key younger", false, protocol.History{Model: model.Cache, Init: in(2), Ops: sequence(
		op(model.CachePut, in(1, 10)), op(model.CachePut, in(2, 20)), op(model.CachePut, in(1, 11)),
		op(model.CachePut, in(3, 30)), op(model.CacheGet, in(1), 1, 11),
	)}},
	{"cache: a deleted key put again is new", true, protocol.History{Model: model.Cache, Init: in(2), Ops: sequence(
		op(model.CachePut, in(1, 10)), op(model.CachePut, in(2, 20)), op(model.CacheDelete, in(1), 1),
		op(model.CacheDelete, in(1), 0), op(model.CachePut, in(1, 11)), op(model.CachePut, in(3, 30)),
		op(model.CacheGet, in(2), 0, 0), op(model.CacheGet, in(1), 1, 11), op(model.CacheLen, nil, 2),
	)}},
	{"cache: Clear keeps the statistics", false, protocol.History{Model: model.Cache, Init: in(1), Ops: sequence(
		op(model.CacheGet, in(1), 0, 0), op(model.CacheClear, nil), op(model.CacheStats, nil, 0, 1, 0, 0, 1),
	)}},
	{"cache: a miss and a hit that overlap a Put", true, protocol.History{Model: model.Cache, Init: in(1), Ops: []protocol.Operation{
		during(0, 0, 100, op(model.CachePut, in(1, 10))),
		during(1, 10, 20, op(model.CacheGet, in(1), 0, 0)),
		during(1, 30, 40, op(model.CacheGet, in(1), 1, 10)),
	}}},
	{"cache: a hit before a miss, and one Put", false, protocol.History{Model: model.Cache, Init: in(1), Ops: []protocol.Operation{
		during(0, 0, 100, op(model.CachePut, in(1, 10))),
		during(1, 10, 20, op(model.CacheGet, in(1), 1, 10)),
		during(1, 30, 40, op(model.CacheGet, in(1), 0, 0)),
	}}},
	{"cache: a shared load", true, protocol.History{Model: model.Cache, Init: in(2), Ops: []protocol.Operation{
		during(0, 0, 10, op(model.CacheLoadLead, in(1, first))),
		during(1, 20, 60, op(model.CacheLoadGot, in(1), first)),
		during(2, 22, 24, op(model.CacheStats, nil, 0, 2, 0, 0, 2)), // both missed
		during(0, 30, 50, op(model.CacheLoadDone, in(1, first))),
		during(2, 70, 80, op(model.CacheGet, in(1), 1, first)),
	}}},
	{"cache: a second load while one is in flight", false, protocol.History{Model: model.Cache, Init: in(2), Ops: []protocol.Operation{
		during(0, 0, 10, op(model.CacheLoadLead, in(1, first))),
		during(1, 20, 30, op(model.CacheLoadLead, in(1, first+1))),
		during(0, 40, 50, op(model.CacheLoadDone, in(1, first))),
		during(1, 40, 50, op(model.CacheLoadDone, in(1, first+1))),
	}}},
	{"cache: an overtaken load is not stored", true, protocol.History{Model: model.Cache, Init: in(2), Ops: sequence(
		op(model.CacheLoadLead, in(1, first)), op(model.CacheDelete, in(1), 0), op(model.CacheLoadLead, in(1, first+1)),
		op(model.CacheLoadDone, in(1, first)), op(model.CacheGet, in(1), 0, 0), op(model.CacheLoadDone, in(1, first+1)),
		op(model.CacheGet, in(1), 1, first+1),
	)}},
	{"cache: a stale fill", false, protocol.History{Model: model.Cache, Init: in(2), Ops: sequence(
		op(model.CacheLoadLead, in(1, first)), op(model.CacheDelete, in(1), 0), op(model.CacheLoadDone, in(1, first)),
		op(model.CacheGet, in(1), 1, first),
	)}},
	{"cache: an overtaken load is shared", false, protocol.History{Model: model.Cache, Init: in(2), Ops: sequence(
		op(model.CacheLoadLead, in(1, first)), op(model.CacheClear, nil), op(model.CacheLoadGot, in(1), first),
	)}},
	{"cache: a failed load is shared, then loaded again", true, protocol.History{Model: model.Cache, Init: in(2), Ops: sequence(
		op(model.CacheLoadLead, in(1, first)), op(model.CacheLoadJoin, in(1, first)), op(model.CacheLoadFail, in(1, first)),
		op(model.CacheLoadLead, in(1, first+1)), op(model.CacheLoadDone, in(1, first+1)), op(model.CacheLoadGot, in(1), first+1),
	)}},
	{"cache: the load of a caller who came second", true, protocol.History{Model: model.Cache, Init: in(2), Ops: []protocol.Operation{
		during(0, 0, 60, op(model.CacheLoadGot, in(1), first)),
		during(2, 10, 20, op(model.CacheStats, nil, 0, 1, 0, 0, 2)),
		during(1, 30, 40, op(model.CacheLoadLead, in(1, first))),
		during(1, 45, 50, op(model.CacheLoadDone, in(1, first))),
		during(2, 70, 80, op(model.CacheStats, nil, 0, 2, 0, 1, 2)),
	}}},
	{"cache: the load of a caller who came second, and after a Clear", false, protocol.History{Model: model.Cache, Init: in(2), Ops: []protocol.Operation{
		during(0, 0, 60, op(model.CacheLoadGot, in(1), first)),
		during(2, 10, 20, op(model.CacheStats, nil, 0, 1, 0, 0, 2)),
		during(2, 22, 24, op(model.CacheClear, nil)),
		during(1, 30, 40, op(model.CacheLoadLead, in(1, first))),
		during(1, 45, 50, op(model.CacheLoadDone, in(1, first))),
	}}},
	{"cache: a load that is over is shared", false, protocol.History{Model: model.Cache, Init: in(2), Ops: sequence(
		op(model.CacheLoadLead, in(1, first)), op(model.CacheLoadDone, in(1, first)), op(model.CacheDelete, in(1), 1),
		op(model.CacheLoadGot, in(1), first),
	)}},
	{"cache: a value is loaded that nobody loads", false, protocol.History{Model: model.Cache, Init: in(2), Ops: sequence(
		op(model.CachePut, in(1, 7)), op(model.CacheDelete, in(1), 1), op(model.CacheLoadGot, in(1), 7),
	)}},
	{"cache: the error of a load is cached", false, protocol.History{Model: model.Cache, Init: in(2), Ops: sequence(
		op(model.CacheLoadLead, in(1, first)), op(model.CacheLoadFail, in(1, first)), op(model.CacheLoadJoin, in(1, first)),
	)}},
	{"cache: whole loads", true, protocol.History{Model: model.Cache, Init: in(1), Ops: sequence(
		op(model.CacheLoad, in(1, model.OutcomeError, 7), model.OutcomeError, 0, 1),
		op(model.CacheLoad, in(1, model.OutcomePanic, 7), model.OutcomePanic, 0, 1),
		op(model.CacheLoad, in(1, model.OutcomeValue, 7), model.OutcomeValue, 7, 1),
		op(model.CacheLoad, in(1, model.OutcomeError, 8), model.OutcomeValue, 7, 0),
		op(model.CacheLoad, in(2, model.OutcomeValue, 9), model.OutcomeValue, 9, 1),
		op(model.CacheStats, nil, 1, 4, 1, 1, 1),
	)}},

	{"counter: everything", true, protocol.History{Model: model.Counter, Ops: sequence(
		op(model.CounterSuccessRate, nil, rate(0)), op(model.CounterAverage, nil, 0),
		op(model.CounterRecord, in(1, 10)), op(model.CounterRecord, in(0, 5)), op(model.CounterRecord, in(1, -5)),
		op(model.CounterIncrement, nil), op(model.CounterStats, nil, 4, 2, 1, 15),
		op(model.CounterSuccessRate, nil, rate(0.5)), op(model.CounterStatsAverage, nil, 5),
		op(model.CounterReset, nil, 4, 2, 1, 15), op(model.CounterStats, nil, 0, 0, 0, 0), op(model.CounterStatsRate, nil, rate(0)),
	)}},
	{"counter: a torn snapshot", false, protocol.History{Model: model.Counter, Ops: []protocol.Operation{
		during(0, 0, 100, op(model.CounterRecord, in(1, 10))),
		during(1, 10, 20, op(model.CounterStats, nil, 1, 0, 0, 0)),
	}}},
	{"counter: two Resets return the same request", false, protocol.History{Model: model.Counter, Ops: []protocol.Operation{
		during(0, 0, 10, op(model.CounterRecord, in(1, 10))),
		during(1, 20, 30, op(model.CounterReset, nil, 1, 1, 0, 10)),
		during(2, 20, 30, op(model.CounterReset, nil, 1, 1, 0, 10)),
	}}},

	{"workerpool: one worker", true, protocol.History{Model: model.WorkerPool, Init: in(1), Ops: sequence(
		op(model.PoolStats, nil, 1, 1, 0, 0, 0, 0, 0, 0),
		op(model.PoolSubmit, in(1), 1), op(model.PoolSubmit, in(2), 1), op(model.PoolStart, in(1)),
		op(model.PoolPending, nil, 1), op(model.PoolStates, nil, 0, 1, 0), op(model.PoolStats, nil, 1, 0, 1, 0, 1, 2, 0, 0),
		op(model.PoolEnd, in(1, 11, 0)), op(model.PoolStart, in(2)), op(model.PoolEnd, in(2, 0, model.ErrPanic)),
		op(model.PoolWait, nil), op(model.PoolResults, nil, 11, 0, 0, model.ErrPanic),
		op(model.PoolStats, nil, 1, 1, 0, 0, 0, 2, 1, 1), op(model.PoolClose, nil), op(model.PoolSubmit, in(3), 0),
		op(model.PoolClosed, nil), op(model.PoolStates, nil, 0, 0, 1),
	)}},
	{"workerpool: the later task starts first", false, protocol.History{Model: model.WorkerPool, Init: in(2), Ops: sequence(
		op(model.PoolSubmit, in(1), 1), op(model.PoolSubmit, in(2), 1), op(model.PoolStart, in(2)), op(model.PoolStart, in(1)),
	)}},
	{"workerpool: more tasks at once than workers", false, protocol.History{Model: model.WorkerPool, Init: in(1), Ops: sequence(
		op(model.PoolSubmit, in(1), 1), op(model.PoolSubmit, in(2), 1), op(model.PoolStart, in(1)), op(model.PoolStart, in(2)),
	)}},
	{"workerpool: Wait returns while a task is active", false, protocol.History{Model: model.WorkerPool, Init: in(1), Ops: sequence(
		op(model.PoolSubmit, in(1), 1), op(model.PoolStart, in(1)), op(model.PoolWait, nil), op(model.PoolEnd, in(1, 1, 0)),
	)}},
	{"workerpool: Reset with a task running", true, protocol.History{Model: model.WorkerPool, Init: in(1), Ops: sequence(
		op(model.PoolSubmit, in(1), 1), op(model.PoolSubmit, in(2), 1), op(model.PoolStart, in(1)), op(model.PoolReset, nil),
		op(model.PoolStats, nil, 1, 0, 1, 0, 0, 1, 0, 0), op(model.PoolEnd, in(1, 1, 0)),
		op(model.PoolStats, nil, 1, 1, 0, 0, 0, 0, 0, 0), op(model.PoolResults, nil),
	)}},
	{"workerpool: a task that ran at Reset leaves a result", false, protocol.History{Model: model.WorkerPool, Init: in(1), Ops: sequence(
		op(model.PoolSubmit, in(1), 1), op(model.PoolStart, in(1)), op(model.PoolReset, nil), op(model.PoolEnd, in(1, 1, 0)),
		op(model.PoolResults, nil, 1, 0),
	)}},
	{"workerpool: in between, a task is neither pending nor active", false, protocol.History{Model: model.WorkerPool, Init: in(1), Ops: []protocol.Operation{
		during(0, 0, 10, op(model.PoolSubmit, in(1), 1)),
		during(0, 0, 100, op(model.PoolStart, in(1))),
		during(1, 20, 30, op(model.PoolStats, nil, 1, 1, 0, 0, 0, 1, 0, 0)),
		during(0, 100, 200, op(model.PoolEnd, in(1, 1, 0))),
	}}},
	{"workerpool: workers stop one by one while it closes", true, protocol.History{Model: model.WorkerPool, Init: in(3), Ops: sequence(
		op(model.PoolSubmit, in(1), 1), op(model.PoolStart, in(1)), op(model.PoolClose, nil), op(model.PoolStates, nil, 1, 1, 1),
		op(model.PoolStats, nil, 3, 0, 1, 2, 0, 1, 0, 0), op(model.PoolEnd, in(1, 1, 0)), op(model.PoolClosed, nil),
	)}},
	{"workerpool: a worker that had stopped is idle", false, protocol.History{Model: model.WorkerPool, Init: in(2), Ops: sequence(
		op(model.PoolClose, nil), op(model.PoolStates, nil, 1, 0, 1), op(model.PoolStates, nil, 2, 0, 0),
	)}},
}

func TestLinearizable(t *testing.T) {
	for _, c := range histories {
		if err := model.Validate(c.h); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		ok, decided := model.Linearizable(c.h, 1e6)
		if !decided || ok != c.ok {
			t.Errorf("%s: linearizable = %t, decided = %t, want %t", c.name, ok, decided, c.ok)
		}
	}
}

// TestLimit checks that giving up is not an answer.
func TestLimit(t *testing.T) {
	h := protocol.History{Model: model.Counter}
	for i := range int64(12) {
		h.Ops = append(h.Ops, during(int(i), 0, 100, op(model.CounterRecord, in(1, 1<<i))))
	}
	h.Ops = append(h.Ops, during(99, 200, 300, op(model.CounterStats, nil, 12, 12, 0, 1)))
	if ok, decided := model.Linearizable(h, 50); ok || decided {
		t.Errorf("with 50 configurations: %t, %t, want undecided", ok, decided)
	}
	if ok, decided := model.Linearizable(h, 1e6); ok || !decided {
		t.Errorf("without a limit: %t, %t, want an illegal history", ok, decided)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name string
		h    protocol.History
	}{
		{"unknown model", protocol.History{Model: "stack"}},
		{"no capacity", protocol.History{Model: model.Cache}},
		{"capacity 0", protocol.History{Model: model.Cache, Init: in(0)}},
		{"huge", protocol.History{Model: model.WorkerPool, Init: in(math.MaxInt64)}},
		{"parameters of a counter", protocol.History{Model: model.Counter, Init: in(1)}},
		{"unknown operation", protocol.History{Model: model.Counter, Ops: sequence(op("double", nil))}},
		{"missing argument", protocol.History{Model: model.Cache, Init: in(1), Ops: sequence(op(model.CachePut, in(1)))}},
		{"missing result", protocol.History{Model: model.Cache, Init: in(1), Ops: sequence(op(model.CacheGet, in(1)))}},
		{"an interval that ends before it begins", protocol.History{Model: model.Counter, Ops: []protocol.Operation{
			during(0, 10, 5, op(model.CounterIncrement, nil)),
		}}},
		{"too many operations", protocol.History{Model: model.Counter, Ops: make([]protocol.Operation, 1<<17)}},
	} {
		if model.Validate(c.h) == nil {
			t.Errorf("%s: no error", c.name)
		}
		if ok, decided := model.Linearizable(c.h, 10); ok || decided {
			t.Errorf("%s: decided", c.name)
		}
	}
}

// TestDescribe checks that every operation has a text with its numbers, also
// one whose numbers are missing.
func TestDescribe(t *testing.T) {
	for _, c := range histories {
		m, _ := model.For(c.h.Model)
		for _, o := range c.h.Ops {
			if s := m.Describe(o, o.Out); s == o.Name || !strings.ContainsAny(s, "( ") {
				t.Errorf("%s is described as %q", o.Name, s)
			}
			if s := m.Describe(protocol.Operation{Name: o.Name}, nil); s == "" {
				t.Errorf("%s without numbers is described as nothing", o.Name)
			}
		}
	}
}

// TestStepsAreDeterministic checks that a step leaves its state alone and leads
// from equal states to equal states.
func TestStepsAreDeterministic(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range histories {
		m, _ := model.For(c.h.Model)
		s, err := m.Init(c.h.Init)
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			o := c.h.Ops[rng.IntN(len(c.h.Ops))]
			kept := model.State(strings.Clone(string(s)))
			a, _, okA := model.Step(m, s, o)
			b, _, okB := model.Step(m, kept, o)
			if a != b || okA != okB || s != kept {
				t.Fatalf("%s: %s is not a function of the state", c.name, o.Name)
			}
			s = a
		}
	}
}
