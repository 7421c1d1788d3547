package scenarios

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"racebench/internal/cache"
	"racebench/internal/counter"
	"racebench/internal/model"
	"racebench/internal/workerpool"
)

// Gates returns the scenarios that drive one component each by one goroutine
// through all methods, with fresh random values. Their histories have one
// client and are stepped through the model in the order in which they stand.
func Gates() []Scenario {
	return []Scenario{
		{
			Name: "gate/cache", Component: Cache, Run: gateCache, Calm: true,
			Doc:      "One goroutine calls every method of caches of several capacities; each answer is that of the model.",
			Contract: []string{"C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C10", "C12", "C13", "C14"},
		},
		{
			Name: "gate/counter", Component: Counter, Run: gateCounter, Calm: true,
			Doc:      "One goroutine calls every method of counters; each answer is that of the model.",
			Contract: []string{"M1", "M2", "M3", "M4", "M5"},
		},
		{
			Name: "gate/workerpool", Component: WorkerPool, Run: gatePool, Calm: true,
			Doc:      "One goroutine calls every method of pools and lets each batch of tasks end before it goes on; each answer is that of the model.",
			Contract: []string{"W1", "W2", "W3", "W4", "W6", "W7", "W10", "W11", "W12", "W13"},
		},
	}
}

// differs reports an answer that is not that of the contract.
func (t *T) differs(contract, message string, expected, observed any) {
	t.report(violation(kindBehaviour, contract, message, fmt.Sprint(expected), fmt.Sprint(observed)))
}

// panics reports whether f panics.
func panics(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	f()
	return false
}

func gateCache(t *T) {
	for _, capacity := range []int{0, -1} {
		if !panics(func() { cache.New[int, int](capacity) }) {
			t.differs("C1", fmt.Sprintf("New(%d)", capacity), "a panic", "no panic")
		}
	}
	gateKinds(t)
	gateMany(t)
	for _, capacity := range []int{1, 2, 3 + t.rng.IntN(6), 100 + t.rng.IntN(100), largeCache} {
		me := &cacheClient{Client: t.Client, cache: cache.New[int64, int64](capacity)}
		var keys []int64
		for range capacity + min(capacity, 32) + 1 {
			keys = append(keys, int64(t.rng.Uint64()))
		}
		if capacity > 10 {
			// Fill most of it: what follows is too little for that.
			for _, key := range keys[:capacity-8] {
				me.put(key, int64(t.rng.Uint64()))
			}
		}
		for range 40 * (2 + min(capacity, 10)) {
			key, value := keys[t.key(len(keys))], int64(t.rng.Uint64())
			switch t.rng.IntN(16) {
			case 0, 1, 2, 3:
				me.get(key)
			case 4, 5, 6, 7:
				me.put(key, value)
			case 8, 9:
				me.remove(key)
			case 10:
				me.length()
			case 11:
				me.stats()
			case 12:
				if t.rng.IntN(4) == 0 {
					me.clear()
				} else {
					me.hitRate()
				}
			default:
				me.wholeLoad(key, value, t.rng.IntN(5))
			}
		}
		// The rest shows what is left and in which order it leaves.
		me.stats()
		for _, key := range keys {
			me.get(key)
		}
		for range min(capacity, 64) {
			me.put(int64(t.rng.Uint64()), 0)
			me.get(keys[t.rng.IntN(len(keys))])
		}
		me.stats()
		t.history(model.Cache, []int64{int64(capacity)})
	}
}

// gateKinds uses keys that print alike, and values that are nil or of different
// types: keys are what == says, and any value can be stored.
func gateKinds(t *T) {
	type pair struct{ a, b string }
	one, two := pair{"x", "y"}, pair{"x", "y"}
	keys := []any{1, int64(1), uint8(1), 1.0, "1", true, "true", [1]int{1}, pair{"1 ", "2"}, pair{"1", " 2"}, &one, &two, nil, "<nil>"}
	values := []any{nil, 1, "one", errLoad, 2.5, error(nil), &one}
	value := func(i int) any { return values[i%len(values)] }
	same := func(what string, key, want, got any, ok bool) {
		if !ok || got != want {
			t.differs("C2", fmt.Sprintf("%s of the key %T(%v), among keys that print alike", what, key, key), want, found(got, ok))
		}
	}
	c := cache.New[any, any](len(keys))
	for i, key := range keys {
		if i%2 == 0 {
			c.Put(key, value(i))
			continue
		}
		v, err := c.GetOrLoad(key, func(any) (any, error) { return value(i), nil })
		same("GetOrLoad", key, value(i), v, err == nil)
	}
	for i, key := range keys {
		v, ok := c.Get(key)
		same("Get", key, value(i), v, ok)
		c.Put(key, value(i+1)) // a value of another type in its place
		v, ok = c.Get(key)
		same("Get after Put", key, value(i+1), v, ok)
	}
	if n := c.Len(); n != len(keys) {
		t.differs("C2", "Len with keys that print alike", len(keys), n)
	}
	for i, key := range keys {
		if !c.Delete(key) {
			t.differs("C6", fmt.Sprintf("Delete of the key %T(%v), among keys that print alike", key, key), true, false)
		}
		if i+1 < len(keys) {
			v, ok := c.Get(keys[i+1])
			same("Get after the Delete of another", keys[i+1], value(i+2), v, ok)
		}
	}
	t.step()
}

// laps is more than a byte, or two, can count.
const laps = 1 << 16

// gateMany does the same so often that a number of 16 bits is what it was
// before.
func gateMany(t *T) {
	for _, again := range []struct {
		name  string
		times int
		call  func(c *cache.Cache[int, int])
	}{
		// Clear may visit much, and a byte has to be enough for it.
		{"Clear", 1 << 8, func(c *cache.Cache[int, int]) { c.Clear() }},
		{"Delete", laps, func(c *cache.Cache[int, int]) { c.Delete(1) }},
	} {
		c := cache.New[int, int](2)
		v, err := c.GetOrLoad(1, func(int) (int, error) {
			for range again.times {
				again.call(c)
			}
			return 10, nil
		})
		if v != 10 || err != nil {
			t.differs("C15", "GetOrLoad whose load calls "+again.name+" many times", outcome(10, nil), outcome(v, err))
		}
		if v, ok := c.Get(1); ok {
			t.differs("C15", fmt.Sprintf("Get after a load that was overtaken by %d calls of %s", again.times, again.name), "absent", v)
		}
		t.step()
	}
	c := cache.New[int, int](2)
	for i := range laps {
		c.Put(i, i)
		c.Get(i)
		c.Get(-1)
	}
	want := cache.Stats{Hits: laps, Misses: laps, Evictions: laps - 2, Len: 2, Capacity: 2}
	if got := c.Stats(); got != want {
		t.differs("C2", fmt.Sprintf("the statistics after %d new keys, as many hits and as many misses", laps), fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	}
	t.step()
}

func (c *cacheClient) hitRate() {
	called := c.now()
	rate := c.cache.Stats().HitRate()
	c.record(called, model.CacheHitRate, nil, []int64{int64(math.Float64bits(rate))})
}

// wholeLoad calls GetOrLoad with nobody else there.
func (c *cacheClient) wholeLoad(key, value int64, kind int) {
	mode := int64(model.OutcomeValue)
	switch kind {
	case 3:
		mode = model.OutcomeError
	case 4:
		mode = model.OutcomePanic
	}
	ran, outcome := false, int64(model.OutcomeValue)
	var got int64
	var err error
	boom := bang{fmt.Sprint("load ", value)}
	called := c.now()
	func() {
		defer func() {
			switch r := recover(); {
			case r == nil:
			case r == any(boom):
				outcome, got = model.OutcomePanic, 0
			case ran && mode == model.OutcomePanic:
				c.t.differs("C14", "the value that GetOrLoad panics with when load does", boom, r)
			default:
				panic(r)
			}
		}()
		got, err = c.cache.GetOrLoad(key, func(k int64) (int64, error) {
			ran = true
			if k != key {
				c.t.differs("C11", "the argument of load", key, k)
			}
			switch mode {
			case model.OutcomeError:
				return 0, errLoad
			case model.OutcomePanic:
				panic(boom)
			}
			return value, nil
		})
	}()
	if err != nil {
		outcome, got = model.OutcomeError, 0
		if err != errLoad {
			c.t.differs("C13", "the error of GetOrLoad", errLoad, err)
		}
	}
	c.record(called, model.CacheLoad, []int64{key, mode, value}, []int64{outcome, got, bit(ran)})
}

func gateCounter(t *T) {
	many := counter.New()
	for range laps {
		many.RecordRequest(true, 3)
		many.RecordRequest(false, 5)
		many.Increment()
	}
	want := counter.Stats{Total: 3 * laps, Succeeded: laps, Failed: laps, ProcessingTime: 8 * laps}
	if got := many.Reset(); got != want {
		t.differs("M1", fmt.Sprintf("Reset after %d requests of each sort", laps), fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	}
	t.step()
	for range 3 {
		c := counter.New()
		for range 150 {
			called := t.now()
			switch t.rng.IntN(14) {
			case 0, 1, 2, 3, 4:
				success, elapsed := t.rng.IntN(3) > 0, t.rng.Int64N(1e9)
				if t.rng.IntN(8) == 0 {
					elapsed = -elapsed
				}
				c.RecordRequest(success, time.Duration(elapsed))
				t.record(called, model.CounterRecord, []int64{bit(success), elapsed}, nil)
			case 5, 6:
				c.Increment()
				t.record(called, model.CounterIncrement, nil, nil)
			case 7, 8:
				t.record(called, model.CounterStats, nil, counterStats(c.Stats()))
			case 9:
				if t.rng.IntN(4) == 0 {
					t.record(called, model.CounterReset, nil, counterStats(c.Reset()))
				} else {
					t.record(called, model.CounterStats, nil, counterStats(c.Stats()))
				}
			case 10:
				t.record(called, model.CounterSuccessRate, nil, bits(c.SuccessRate()))
			case 11:
				t.record(called, model.CounterStatsRate, nil, bits(c.Stats().SuccessRate()))
			case 12:
				t.record(called, model.CounterAverage, nil, []int64{int64(c.AverageProcessingTime())})
			default:
				t.record(called, model.CounterStatsAverage, nil, []int64{int64(c.Stats().AverageProcessingTime())})
			}
		}
		called := t.now()
		t.record(called, model.CounterReset, nil, counterStats(c.Reset()))
		called = t.now()
		t.record(called, model.CounterStats, nil, counterStats(c.Stats()))
		t.history(model.Counter, nil)
	}
}

func bits(f float64) []int64 { return []int64{int64(math.Float64bits(f))} }

// gateClient drives a pool. Nothing that it looks at is in motion: either all
// workers are held inside tasks, or all tasks have ended.
type gateClient struct {
	*poolClient
	next int64
}

func (g *gateClient) op(name string, in, out []int64) { g.record(g.now(), name, in, out) }

// batch submits tasks, perhaps looks and resets while all workers are held by
// the first of them, and lets them end.
func (g *gateClient) batch() {
	t, p := g.t, g.pool
	workers := p.workers
	held, more := 0, 0
	switch t.rng.IntN(3) {
	case 0: // one task at a time
		more = 1
	case 1: // with one worker, the order is known
		if workers == 1 {
			more = 1 + t.rng.IntN(5)
		} else {
			more = 1
		}
	default:
		held, more = workers, t.rng.IntN(4)
	}
	// Tasks of a batch end alike, so the order in which several workers end
	// them does not show; that of one worker is known.
	value, failure := int64(t.rng.Uint64()>>2), int64(0)
	step := int64(0)
	if workers == 1 {
		step = 1
	}
	switch t.rng.IntN(5) {
	case 0:
		failure = 1 + t.rng.Int64N(1000)
	case 1:
		failure = model.ErrPanic
	}
	end := func(id int64) (int, error) {
		switch failure {
		case 0:
			return int(value + id*step), nil
		case model.ErrPanic:
			panic(value)
		}
		return int(value + id*step), taskError{failure}
	}
	release, in, out := newLatch(), newMeeting(max(held, 1)), newMeeting(held+more)
	submit := func(task func(id int64) (int, error)) int64 {
		g.next++
		id := g.next
		called := g.now()
		err := p.Submit(func() (int, error) { return task(id) })
		g.record(called, model.PoolSubmit, []int64{id}, []int64{bit(err == nil)})
		return id
	}
	var first, rest []int64
	for range held {
		first = append(first, submit(func(id int64) (int, error) {
			defer out.arrive()
			in.arrive()
			t.await(release)
			return end(id)
		}))
	}
	if held > 0 {
		t.await(in.all)
		for _, id := range first {
			g.op(model.PoolStart, []int64{id}, nil)
		}
	}
	for range more {
		rest = append(rest, submit(func(id int64) (int, error) {
			defer out.arrive()
			return end(id)
		}))
		if held == 0 && workers > 1 {
			break
		}
	}
	if held > 0 {
		for _, op := range []int{0, 1, 2, 5} {
			g.look(op)
		}
		if t.rng.IntN(4) == 0 {
			g.look(3) // Reset drops the rest
			for range rest {
				out.arrive()
			}
			rest = nil
			g.look(5)
			g.look(0)
			g.look(1)
		}
	}
	release.open()
	t.await(out.all)
	// The last instruction of a task comes before its end: let it end.
	for range 50 {
		runtime.Gosched()
	}
	ended := func(id int64) []int64 {
		if failure == model.ErrPanic {
			return []int64{id, 0, failure}
		}
		return []int64{id, value + id*step, failure}
	}
	p.Wait()
	for _, id := range first {
		g.op(model.PoolEnd, ended(id), nil)
	}
	for _, id := range rest {
		g.op(model.PoolStart, []int64{id}, nil)
		g.op(model.PoolEnd, ended(id), nil)
	}
	g.op(model.PoolWait, nil, nil)
}

func gatePool(t *T) {
	for _, workers := range []int{0, -1} {
		if !panics(func() { workerpool.New[int](workers) }) {
			t.differs("W1", fmt.Sprintf("New(%d)", workers), "a panic", "no panic")
		}
	}
	for state, name := range []string{"idle", "busy", "stopped"} {
		if got := workerpool.State(state).String(); got != name {
			t.differs("W7", fmt.Sprintf("State(%d).String()", state), name, got)
		}
	}
	if err := error(&workerpool.PanicError{Value: errLoad}); !errors.Is(err, errLoad) || err.Error() == "" {
		t.differs("W6", "a PanicError with an error as its value", "it unwraps to it, and has a text", err.Error())
	}
	gateForgotten(t)
	gateResults(t)
	for _, workers := range []int{1, 2, 3, largePool} {
		p := t.newPool(workers)
		g := &gateClient{poolClient: &poolClient{Client: t.Client, pool: p}}
		g.look(5)
		g.look(2)
		batches := 12
		if workers == largePool {
			batches = 3
		}
		for range batches {
			g.batch()
			for _, op := range []int{0, 1, 2, 5} {
				g.look(op)
			}
			if t.rng.IntN(5) == 0 {
				g.look(3)
				g.look(5)
			}
			if t.gaveUp() {
				return
			}
		}
		g.op(model.PoolClose, nil, nil)
		p.Close()
		g.op(model.PoolClosed, nil, nil)
		for _, op := range []int{0, 1, 2, 5, 4} {
			g.look(op)
		}
		g.next++
		called := g.now()
		err := p.Submit(func() (int, error) { return 0, nil })
		g.record(called, model.PoolSubmit, []int64{g.next}, []int64{bit(err == nil)})
		if err != nil && !errors.Is(err, workerpool.ErrClosed) {
			t.differs("W2", "Submit after Close", workerpool.ErrClosed, err)
		}
		p.Close()
		g.look(5)
		g.look(3)
		g.look(1)
		g.look(5)
		g.next++
		called = g.now()
		err = p.Submit(func() (int, error) { return 0, nil })
		g.record(called, model.PoolSubmit, []int64{g.next}, []int64{bit(err == nil)})
		if err == nil {
			t.differs("W2", "Submit after Close and Reset", workerpool.ErrClosed, err)
			return // it may have no worker
		}
		t.history(model.WorkerPool, []int64{int64(workers)})
	}
}

// gateForgotten resets a pool so often while a task runs that a number of 16
// bits is what it was when the task began.
func gateForgotten(t *T) {
	p := t.newPool(1)
	release := newLatch()
	if !p.hold(release, value) {
		return
	}
	for range laps {
		p.Reset()
	}
	release.open()
	p.Wait()
	if got := len(p.Results()); got != 0 {
		t.differs("W12", fmt.Sprintf("results of a task that was running when Reset was called %d times", laps), 0, got)
	}
	if got, want := p.Stats(), (workerpool.Stats{Workers: 1, Idle: 1}); got != want {
		t.differs("W12", fmt.Sprintf("the statistics after a task that was running when Reset was called %d times", laps),
			fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	}
	t.step()
}

// gateResults runs tasks whose results are nil or of different types.
func gateResults(t *T) {
	p := workerpool.New[any](1)
	t.atEnd(p.Close)
	values := []any{nil, 1, "one", errLoad, error(nil), 2.5}
	for i, v := range values {
		var err error
		switch i % 3 {
		case 1:
			err = errTask
		case 2:
			err = taskError{int64(i)} // an error of another type
		}
		if p.Submit(func() (any, error) { return v, err }) != nil {
			t.differs("W2", "Submit of an open pool", "<nil>", "an error")
		}
	}
	p.Wait()
	results := p.Results()
	if len(results) != len(values) {
		t.differs("W6", "number of results of different types", len(values), len(results))
		return
	}
	for i, r := range results {
		if r.Value != values[i] || (r.Err != nil) != (i%3 != 0) {
			t.differs("W6", "the result of a task, among results of different types", fmt.Sprint(values[i]), fmt.Sprintf("%+v", r))
		}
	}
	t.step()
}
