package history_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"racebench/internal/history"
	"racebench/internal/model"
	"racebench/internal/protocol"
)

// draw makes a random history that is linearizable: the model answers at one
// instant inside each interval.
func draw(rng *rand.Rand, name string, clients, each int) protocol.History {
	h := protocol.History{Model: name}
	if name == model.Cache {
		h.Init = []int64{2}
	}
	m, _ := model.For(name)
	state, _ := m.Init(h.Init)
	type pending struct {
		op protocol.Operation
		at int64
	}
	var all []pending
	for client := range clients {
		now := int64(0)
		for range each {
			call := now + 1 + rng.Int64N(20)
			at := call + rng.Int64N(30)
			now = at + rng.Int64N(30)
			op := protocol.Operation{Client: client, Call: call, Return: now}
			key, value := rng.Int64N(3), rng.Int64N(1000)
			if name == model.Cache {
				switch rng.IntN(6) {
				case 0, 1:
					op.Name, op.In, op.Out = model.CacheGet, []int64{key}, []int64{0, 0}
				case 2, 3:
					op.Name, op.In = model.CachePut, []int64{key, value}
				case 4:
					op.Name, op.In, op.Out = model.CacheDelete, []int64{key}, []int64{0}
				default:
					op.Name, op.Out = model.CacheStats, make([]int64, 5)
				}
			} else {
				switch rng.IntN(4) {
				case 0, 1:
					op.Name, op.In = model.CounterRecord, []int64{value & 1, value}
				case 2:
					op.Name, op.Out = model.CounterStats, make([]int64, 4)
				default:
					op.Name, op.Out = model.CounterReset, make([]int64, 4)
				}
			}
			all = append(all, pending{op, at})
		}
	}
	// Earliest instant first; ties in any order.
	for len(all) > 0 {
		first := 0
		for i := range all {
			if all[i].at < all[first].at {
				first = i
			}
		}
		op := all[first].op
		all = append(all[:first], all[first+1:]...)
		next, want, _ := model.Step(m, state, op)
		op.Out = want
		state = next
		h.Ops = append(h.Ops, op)
	}
	rng.Shuffle(len(h.Ops), func(i, j int) { h.Ops[i], h.Ops[j] = h.Ops[j], h.Ops[i] })
	return h
}

// TestAgreement compares porcupine with the search of package model, on random
// histories that are right and on the same with one answer changed. (A tie
// between two instants is answered in one order and may be found in another;
// both searches see the same.)
func TestAgreement(t *testing.T) {
	illegal := 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := draw(rng, []string{model.Cache, model.Counter}[seed%2], 2+rng.IntN(3), 1+rng.IntN(5))
		if verdict, why := history.Check(h, time.Minute); verdict != history.Ok {
			t.Fatalf("seed %d: %v: %s", seed, verdict, why)
		}
		if ok, decided := model.Linearizable(h, 1e6); !ok || !decided {
			t.Fatalf("seed %d: package model: %t, %t", seed, ok, decided)
		}
		for i := range h.Ops {
			if out := h.Ops[i].Out; len(out) > 0 {
				out[rng.IntN(len(out))]++
				break
			}
		}
		verdict, why := history.Check(h, time.Minute)
		ok, decided := model.Linearizable(h, 1e6)
		if !decided || verdict == history.Unknown || ok != (verdict == history.Ok) {
			t.Fatalf("seed %d: porcupine says %v, package model %t", seed, verdict, ok)
		}
		if verdict == history.Illegal {
			illegal++
			if !strings.Contains(why, "then none of these is possible:\n  client") {
				t.Fatalf("seed %d: nothing is explained:\n%s", seed, why)
			}
		} else if why != "" {
			t.Fatalf("seed %d: an explanation of what is right: %s", seed, why)
		}
	}
	if illegal < 150 {
		t.Errorf("only %d of 300 changed histories are illegal: the test has lost its power", illegal)
	}
}

func at(client int, call, ret int64, name string, in []int64, out ...int64) protocol.Operation {
	return protocol.Operation{Client: client, Call: call, Return: ret, Name: name, In: in, Out: out}
}

func TestExplanation(t *testing.T) {
	h := protocol.History{Model: model.Cache, Init: []int64{1}, Ops: []protocol.Operation{
		at(0, 1000, 1010, model.CachePut, []int64{1, 10}),
		at(1, 1020, 1030, model.CacheGet, []int64{1}, 0, 0),
	}}
	verdict, why := history.Check(h, 0)
	want := `no order of these operations explains their results; the longest that does has 1 of 2:
  client 0 [0, 10 ns] Put(1, 10)
then none of these is possible:
  client 1 [20, 30 ns] Get(1) = absent; the model: Get(1) = 10`
	if verdict != history.Illegal || why != want {
		t.Errorf("%v\n%s\nwant illegal\n%s", verdict, why, want)
	}
}

// TestPartition checks histories that are split by key, and one that looks like
// it but must not be: with more keys than room, they evict each other.
func TestPartition(t *testing.T) {
	var ops []protocol.Operation
	for key := range int64(40) {
		ops = append(ops,
			at(0, 10*key, 10*key+5, model.CachePut, []int64{key, key}),
			at(1, 0, 1000, model.CacheGet, []int64{key}, 1, key),
			at(2, 0, 1000, model.CacheGet, []int64{key}, 0, 0))
	}
	if verdict, why := history.Check(protocol.History{Model: model.Cache, Init: []int64{40}, Ops: ops}, time.Minute); verdict != history.Ok {
		t.Errorf("%v: %s", verdict, why)
	}
	// All 40 keys are put before all are got: one per key is right, the whole
	// is not when there is room for 39.
	ops = nil
	for key := range int64(40) {
		ops = append(ops,
			at(0, 10*key, 10*key+5, model.CachePut, []int64{key, key}),
			at(0, 1000+10*key, 1000+10*key+5, model.CacheGet, []int64{key}, 1, key))
	}
	for capacity, want := range map[int64]history.Verdict{40: history.Ok, 39: history.Illegal} {
		if verdict, why := history.Check(protocol.History{Model: model.Cache, Init: []int64{capacity}, Ops: ops}, time.Minute); verdict != want {
			t.Errorf("capacity %d: %v: %s", capacity, verdict, why)
		}
	}
}

// TestUnknown checks that neither a malformed history nor one that takes too
// long is called right or wrong.
func TestUnknown(t *testing.T) {
	if verdict, why := history.Check(protocol.History{Model: "stack"}, 0); verdict != history.Unknown || why == "" {
		t.Errorf("%v %q", verdict, why)
	}
	// 40 concurrent records whose times are distinct powers: more sets than
	// can ever be visited.
	h := protocol.History{Model: model.Counter}
	for i := range 40 {
		h.Ops = append(h.Ops, at(i, 0, 100, model.CounterRecord, []int64{1, 1 << i}))
	}
	h.Ops = append(h.Ops, at(40, 200, 300, model.CounterStats, nil, 40, 40, 0, 1))
	if verdict, why := history.Check(h, time.Millisecond); verdict != history.Unknown || why == "" {
		t.Errorf("%v %q", verdict, why)
	}
}

func TestReplay(t *testing.T) {
	ops := []protocol.Operation{
		at(0, 0, 1, model.CounterRecord, []int64{1, 10}),
		at(0, 2, 3, model.CounterStats, nil, 1, 1, 0, 10),
		at(0, 4, 5, model.CounterReset, nil, 1, 1, 0, 10),
		at(0, 6, 7, model.CounterStats, nil, 0, 0, 0, 0),
	}
	h := protocol.History{Model: model.Counter, Ops: ops}
	if d, err := history.Replay(h); d != nil || err != nil {
		t.Errorf("%v, %v", d, err)
	}
	ops[3].Out = []int64{1, 1, 0, 10}
	d, err := history.Replay(h)
	if err != nil || d == nil {
		t.Fatalf("%v, %v", d, err)
	}
	want := "call 4: expected Stats() = {Total:0 Succeeded:0 Failed:0 ProcessingTime:0s}, " +
		"observed Stats() = {Total:1 Succeeded:1 Failed:0 ProcessingTime:10ns}"
	if d.String() != want || len(d.Before) != 3 || d.Before[2] != "Reset() = {Total:1 Succeeded:1 Failed:0 ProcessingTime:10ns}" {
		t.Errorf("%s\nafter %q", d, d.Before)
	}
	if !slices.Equal(d.Contract, []string{"M1", "M2", "M3"}) {
		t.Errorf("a wrong answer of Stats is about %q", d.Contract)
	}
	if _, err := history.Replay(protocol.History{Model: "stack"}); err == nil {
		t.Error("no error for a model that does not exist")
	}
	// What cannot happen at all has no expected answer.
	d, err = history.Replay(protocol.History{Model: model.WorkerPool, Init: []int64{1}, Ops: []protocol.Operation{
		at(0, 0, 1, model.PoolStart, []int64{7}),
	}})
	if err != nil || d == nil || d.Observed != "task 7 started" {
		t.Errorf("%v, %v", d, err)
	}
}

func TestVerdict(t *testing.T) {
	if got := fmt.Sprint(history.Ok, history.Illegal, history.Unknown); got != "ok illegal unknown" {
		t.Error(got)
	}
}

// FuzzReplay: histories come from a process that is not to be trusted, so no
// numbers may make the judge panic.
func FuzzReplay(f *testing.F) {
	names := map[string][]string{
		model.Cache:      {model.CacheGet, model.CachePut, model.CacheLoad, model.CacheLoadGot, model.CacheLoadDone, model.CacheStats},
		model.Counter:    {model.CounterRecord, model.CounterStats, model.CounterAverage},
		model.WorkerPool: {model.PoolSubmit, model.PoolStart, model.PoolEnd, model.PoolStates, model.PoolStats, model.PoolResults},
	}
	f.Add(uint8(0), int64(1), []byte{1, 2, 3})
	f.Add(uint8(2), int64(-1), []byte{255, 0, 9, 9, 1, 1, 4})
	f.Fuzz(func(t *testing.T, which uint8, init int64, raw []byte) {
		name := []string{model.Cache, model.Counter, model.WorkerPool}[which%3]
		h := protocol.History{Model: name, Init: []int64{init}}
		if name == model.Counter {
			h.Init = nil
		}
		next := func() int64 {
			if len(raw) == 0 {
				return -1
			}
			b := raw[0]
			raw = raw[1:]
			return int64(int8(b)) << (b % 60)
		}
		for len(raw) > 0 && len(h.Ops) < 6 {
			op := protocol.Operation{Name: names[name][uint64(next())%uint64(len(names[name]))], Return: 1}
			for range uint64(next()) % 4 {
				op.In = append(op.In, next())
			}
			for range uint64(next()) % 9 {
				op.Out = append(op.Out, next())
			}
			h.Ops = append(h.Ops, op)
		}
		_, _ = history.Replay(h)
		history.Check(h, time.Second)
	})
}

// BenchmarkCheck is a history as large as the scenarios record.
func BenchmarkCheck(b *testing.B) {
	for _, name := range []string{model.Cache, model.Counter} {
		b.Run(name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			hs := make([]protocol.History, 20)
			for i := range hs {
				hs[i] = draw(rng, name, 4, 8)
			}
			for i := 0; b.Loop(); i++ {
				history.Check(hs[i%len(hs)], 0)
			}
		})
	}
}
