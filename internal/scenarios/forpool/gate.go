package forpool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"racebench/internal/model"
	"racebench/internal/scenarios/harness"
)

// Gate returns the scenario in which one goroutine calls every method, with fresh
// random values.
func Gate() harness.Scenario {
	return harness.Scenario{
		Name: "gate/workerpool", Component: harness.WorkerPool, Run: gatePool, Calm: true,
		Doc:      "One goroutine calls every method of pools and lets each batch of tasks end before it goes on; each answer is that of the model.",
		Contract: []string{"W1", "W2", "W3", "W4", "W6", "W7", "W10", "W11", "W12", "W13", "G3"},
	}
}

// gateClient drives a pool. Nothing that it looks at is in motion: either all
// workers are held inside tasks, or all tasks have ended.
type gateClient struct {
	*poolClient
	next int64
}

func (g *gateClient) op(name string, in, out []int64) { g.Record(g.Now(), name, in, out) }

// batch submits tasks, perhaps looks and resets while all workers are held by
// the first of them, and lets them end.
func (g *gateClient) batch() {
	t, p := g.T, g.pool
	workers := p.workers
	held, more := 0, 0
	switch t.Rand.IntN(3) {
	case 0: // one task at a time
		more = 1
	case 1: // with one worker, the order is known
		if workers == 1 {
			more = 1 + t.Rand.IntN(5)
		} else {
			more = 1
		}
	default:
		held, more = workers, t.Rand.IntN(4)
	}
	// Tasks of a batch end alike, so the order in which several workers end
	// them does not show; that of one worker is known.
	value, failure := int64(t.Rand.Uint64()>>2), int64(0)
	step := int64(0)
	if workers == 1 {
		step = 1
	}
	switch t.Rand.IntN(5) {
	case 0:
		failure = 1 + t.Rand.Int64N(1000)
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
	release, in, out := harness.NewLatch(), harness.NewMeeting(max(held, 1)), harness.NewMeeting(held+more)
	submit := func(task func(id int64) (int, error)) int64 {
		g.next++
		id := g.next
		called := g.Now()
		err := p.Submit(func() (int, error) { return task(id) })
		g.Record(called, model.PoolSubmit, []int64{id}, []int64{harness.Bit(err == nil)})
		return id
	}
	var first, rest []int64
	for range held {
		first = append(first, submit(func(id int64) (int, error) {
			defer out.Arrive()
			in.Arrive()
			t.Await(release)
			return end(id)
		}))
	}
	if held > 0 {
		t.Await(in.All)
		for _, id := range first {
			g.op(model.PoolStart, []int64{id}, nil)
		}
	}
	for range more {
		rest = append(rest, submit(func(id int64) (int, error) {
			defer out.Arrive()
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
		if t.Rand.IntN(4) == 0 {
			g.look(lookReset) // Reset drops the rest
			for range rest {
				out.Arrive()
			}
			rest = nil
			g.look(lookStats)
			g.look(lookPending)
			g.look(lookResults)
		}
	}
	release.Open()
	t.Await(out.All)
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

func gatePool(t *harness.T) {
	for _, workers := range []int{0, -1} {
		if !harness.Panics(func() { newSubject[int](workers) }) {
			t.Differs("W1", fmt.Sprintf("New(%d)", workers), "a panic", "no panic")
		}
	}
	for state, name := range []string{"idle", "busy", "stopped"} {
		if got := judged.Name(State(state)); got != name {
			t.Differs("W7", fmt.Sprintf("State(%d).String()", state), name, got)
		}
	}
	if err := judged.NewPanicError(errTask); !errors.Is(err, errTask) || err.Error() == "" {
		t.Differs("W6", "a PanicError with an error as its value", "it unwraps to it, and has a text", err.Error())
	}
	left := newPool(t, 2)
	left.Wait()
	t.LeavesNobody("Wait, looks and Reset", func() {
		for range 300 {
			left.Wait()
			left.Stats()
			left.Results()
			left.Reset()
		}
	})
	gateForgottenFew(t)
	gateForgotten(t)
	gatePanics(t)
	if gateMany(t) {
		gateRefilled(t)
	}
	gateResults(t)
	for _, workers := range []int{1, 2, 3, harness.LargePool, harness.HugePool} {
		p := newPool(t, workers)
		g := &gateClient{poolClient: &poolClient{Client: t.Client, pool: p}}
		g.look(lookStats)
		g.look(lookStates)
		batches := 12
		if workers >= harness.LargePool {
			batches = 3
		}
		for range batches {
			g.batch()
			for _, op := range []int{0, 1, 2, 5} {
				g.look(op)
			}
			if t.Rand.IntN(5) == 0 {
				g.look(lookReset)
				g.look(lookStats)
			}
			if t.GaveUp() {
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
		called := g.Now()
		err := p.Submit(func() (int, error) { return 0, nil })
		g.Record(called, model.PoolSubmit, []int64{g.next}, []int64{harness.Bit(err == nil)})
		if err != nil && !errors.Is(err, judged.ErrClosed()) {
			t.Differs("W2", "Submit after Close", judged.ErrClosed(), err)
		}
		p.Close()
		g.look(lookStats)
		g.look(lookReset)
		g.look(lookResults)
		g.look(lookStats)
		g.next++
		called = g.Now()
		err = p.Submit(func() (int, error) { return 0, nil })
		g.Record(called, model.PoolSubmit, []int64{g.next}, []int64{harness.Bit(err == nil)})
		if err == nil {
			t.Differs("W2", "Submit after Close and Reset", judged.ErrClosed(), err)
			return // it may have no worker
		}
		t.History(model.WorkerPool, []int64{int64(workers)})
	}
}

// forgottenLasts is how many nanoseconds a task lasts at most that Reset has
// forgotten, and that Wait has to wait for.
const forgottenLasts = int64(20 * time.Millisecond)

// gateForgottenFew resets a pool once, twice, and so on, while a task runs: a number
// that goes round may be what it was when the task began.
func gateForgottenFew(t *harness.T) {
	p := newPool(t, 1)
	for _, resets := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 24, 30, 32, 40, 50, 60, 64, 90, 100, 120, 128, 200, 256, 500, 512, 1000, 1024} {
		release := harness.NewLatch()
		if !p.hold(release, value) {
			return
		}
		for range resets {
			p.Reset()
		}
		release.Open()
		p.Wait()
		if got := len(p.Results()); got != 0 {
			t.Differs("W12", fmt.Sprintf("results of a task that was running when Reset was called %d times", resets), 0, got)
		}
	}
	t.Step()
}

// gateForgotten resets a pool so often while a task runs that a number of 16
// bits is what it was when the task began.
func gateForgotten(t *harness.T) {
	p := newPool(t, 1)
	release, seen := harness.NewLatch(), harness.NewLatch()
	// It ends after a Wait that does not wait for it, also where a busy machine keeps
	// the one who waits from its processor for some time.
	if !p.hold(release, func(i int) (int, error) {
		for began := harness.Monotonic(); !seen.IsOpen() && harness.Monotonic()-began < forgottenLasts; {
			time.Sleep(50 * time.Microsecond)
		}
		return i, nil
	}) {
		return
	}
	for range harness.Laps {
		p.Reset()
	}
	release.Open()
	p.Wait()
	results, got := len(p.Results()), p.Stats()
	seen.Open()
	if results != 0 {
		t.Differs("W12", fmt.Sprintf("results of a task that was running when Reset was called %d times", harness.Laps), 0, results)
	}
	if want := (Stats{Workers: 1, Idle: 1}); got != want {
		t.Differs("W12", fmt.Sprintf("the statistics after a task that was running when Reset was called %d times", harness.Laps),
			fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	}
	t.Step()
}

// gateMany lets more tasks pend than a buffer is likely to hold, and more of them
// succeed and fail than 16 bits count. A pool that takes longer the more it holds
// is right, too: of that one it asks less. It reports whether the pool is quick enough
// for gateRefilled.
func gateMany(t *harness.T) bool {
	const most, total, patience = harness.Laps + 1000, 2 * harness.Laps, int64(time.Second)
	p := newPool(t, 1)
	before := stacksInUse()
	began := harness.Monotonic()
	patient := func() bool { return harness.Monotonic()-began < patience }
	var want Stats
	order, next, stacks := true, 0, uint64(0)
	for submitted := 0; submitted < total && patient(); {
		release := harness.NewLatch()
		if !p.hold(release, value) {
			return false
		}
		pending := 0
		for ; pending < most && submitted < total && (pending%64 != 0 || patient()); pending++ {
			i := submitted
			submitted++
			p.submit(func() (int, error) {
				order = order && i == next
				next++
				if i == most-1 {
					stacks = stacksInUse()
				}
				if i%2 == 0 {
					return i, errTask
				}
				return i, nil
			})
			if i%2 == 0 {
				want.Failed++
			} else {
				want.Completed++
			}
		}
		want.Completed++ // the one that held the worker
		if got := p.Pending(); got != pending {
			t.Differs("W2", fmt.Sprintf("Pending after %d tasks were submitted while the worker is held", pending), pending, got)
		}
		release.Open()
		p.Wait()
		t.Step()
	}
	want.Workers, want.Idle, want.Submitted = 1, 1, want.Completed+want.Failed
	if got := p.Stats(); got != want {
		t.Differs("W7", fmt.Sprintf("the statistics after %d tasks", want.Submitted), fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	}
	if !order {
		t.Differs("W3", fmt.Sprintf("%d tasks of one worker", want.Submitted), "they run in the order of submission", "another order")
	}
	if stacks > before+deepStack {
		t.Differs("G4", fmt.Sprintf("bytes of stack in use by the task of index %d of one worker", most-1), fmt.Sprintf("about %d, as before the first", before), stacks)
	}
	if got := len(p.Results()); got != int(want.Submitted) {
		t.Differs("W4", fmt.Sprintf("results of %d tasks", want.Submitted), want.Submitted, got)
	}
	return want.Submitted > longQueue+refill
}

// deepStack is what no worker's stack has grown by who runs one task after the other;
// where each is run by the one before it, there are a hundred bytes a task.
const deepStack = 2 << 20

func stacksInUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
}

// How many tasks gateRefilled submits, and how many when two thirds have run.
const longQueue, refill = 30_000, 8_000

// gateRefilled submits to a long queue that has been emptied in part, whose rest may
// lie anywhere in what holds it.
func gateRefilled(t *harness.T) {
	const first, middle, more = longQueue, 2 * longQueue / 3, refill
	p := newPool(t, 1)
	release := harness.NewLatch()
	if !p.hold(release, value) {
		return
	}
	order, next := true, 0
	submit := func(from, to int, do func()) {
		for i := from; i < to; i++ {
			p.submit(func() (int, error) {
				order = order && i == next
				next++
				do()
				return i, nil
			})
		}
	}
	in, again := harness.NewLatch(), harness.NewLatch()
	submit(0, middle, func() {})
	submit(middle, middle+1, func() { in.Open(); t.Await(again) })
	submit(middle+1, first, func() {})
	release.Open()
	if !t.Await(in) {
		return
	}
	submit(first, first+more, func() {})
	if got := p.Pending(); got != first+more-middle-1 {
		t.Differs("W2", "Pending of a long queue that was emptied in part and filled again", first+more-middle-1, got)
	}
	again.Open()
	p.Wait()
	want := Stats{Workers: 1, Idle: 1, Submitted: first + more + 1, Completed: first + more + 1}
	if got := p.Stats(); got != want {
		t.Differs("W7", "the statistics after a long queue was emptied in part and filled again", fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	}
	if !order {
		t.Differs("W3", "tasks of one worker whose queue was emptied in part and filled again", "they run in the order of submission", "another order")
	}
	t.Step()
}

// gatePanics runs tasks that end with values that somebody may treat in a way
// of their own: bugs that the run-time finds, errors that the pool itself makes.
func gatePanics(t *harness.T) {
	p := newPool(t, 1)
	own := judged.NewPanicError(errTask)
	var none map[int]int
	zero := 0
	var mute *silent
	ends := []struct {
		name string
		task func() (int, error)
		// value is what the task panics with, nil if that is the run-time's, and
		// err what it returns.
		value any
		err   error
	}{
		{"panics with a *PanicError", func() (int, error) { panic(own) }, own, nil},
		{"panics with ErrClosed", func() (int, error) { panic(judged.ErrClosed()) }, judged.ErrClosed(), nil},
		{"panics with a string", func() (int, error) { panic("boom") }, "boom", nil},
		{"writes to a nil map", func() (int, error) { none[1] = 1; return 1, nil }, nil, nil},
		{"divides by zero", func() (int, error) { return 1 / zero, nil }, nil, nil},
		{"panics with a slice", func() (int, error) { panic([]string{"boom"}) }, nil, nil},
		{"panics with a slice again", func() (int, error) { panic([]string{"boom"}) }, nil, nil},
		{"panics with nil", func() (int, error) { panic(nil) }, nil, nil},
		{"returns a *PanicError", func() (int, error) { return 5, own }, nil, own},
		{"returns ErrClosed", func() (int, error) { return 6, judged.ErrClosed() }, nil, judged.ErrClosed()},
		{"returns context.Canceled", func() (int, error) { return 7, context.Canceled }, nil, context.Canceled},
		{"returns context.DeadlineExceeded", func() (int, error) { return 8, context.DeadlineExceeded }, nil, context.DeadlineExceeded},
		{"returns io.EOF", func() (int, error) { return 9, io.EOF }, nil, io.EOF},
		{"panics with context.Canceled", func() (int, error) { panic(context.Canceled) }, context.Canceled, nil},
		{"returns an error whose text is not to be had", func() (int, error) { return 11, mute }, nil, mute},
		{"returns an error that cannot be compared", func() (int, error) { return 12, many{errTask} }, nil, errTask},
	}
	for i, end := range ends {
		p.submit(end.task)
		p.Wait()
		results := p.Results()
		if got := p.Stats(); len(results) != i+1 || got.Failed != uint64(i+1) || got.Completed != 0 {
			t.Differs("W6", fmt.Sprintf("results and statistics after a task that %s, the %dth that fails", end.name, i+1),
				fmt.Sprintf("%d results, Failed: %d", i+1, i+1), fmt.Sprintf("%d results, %+v", len(results), got))
			return
		}
		r := results[i]
		if end.err != nil {
			if !errors.Is(r.Err, end.err) || r.Value != i-3 {
				t.Differs("W6", "the result of a task that "+end.name, fmt.Sprintf("{%d %v}", i-3, end.err), fmt.Sprintf("%+v", r))
			}
			continue
		}
		got := judged.Panicked(r.Err)
		if got == nil || r.Value != 0 {
			t.Differs("W6", "the result of a task that "+end.name, "the zero value and a *PanicError", fmt.Sprintf("%+v", r))
			continue
		}
		if end.value != nil && got.Value != end.value {
			t.Differs("W6", "the Value of the *PanicError of a task that "+end.name, fmt.Sprintf("%T", end.value), fmt.Sprintf("%T", got.Value))
		}
		if err, ok := got.Value.(error); ok && !errors.Is(r.Err, err) {
			t.Differs("W6", "the *PanicError of a task that "+end.name, "it unwraps to its Value", "it does not")
		}
	}
	t.Step()
	gateStacks(t)
}

// silent is an error whose nil pointer has no text, as one that is forgotten to be
// made a nil error.
type silent struct{ text string }

func (s *silent) Error() string { return s.text }

// many is an error that == cannot compare.
type many []error

func (m many) Error() string   { return fmt.Sprint(len(m), " errors") }
func (m many) Unwrap() []error { return m }

// gateStacks has one worker run tasks that panic, one after the other. The stack of
// each, as its *PanicError shows it, is as deep as that of the first: a worker that
// goes on from where it recovered keeps the frames of all.
func gateStacks(t *harness.T) {
	const panics = 40
	p := newPool(t, 1)
	stack := func(r Result[int]) []byte {
		if got := judged.Panicked(r.Err); got != nil {
			return got.Stack
		}
		return nil
	}
	depth := func(r Result[int]) int { return bytes.Count(stack(r), []byte{'\n'}) }
	panicsWith := func(calls int) {
		p.submit(func() (int, error) { return 0, deeply(calls) })
		p.Wait()
	}
	var one []byte
	for i := range panics {
		panicsWith(0)
		if results := p.Results(); i == 0 && len(results) == 1 {
			one = bytes.Clone(stack(results[0]))
		}
	}
	panicsWith(20)
	results := p.Results()
	if len(results) != panics+1 {
		return // others say so
	}
	if got := stack(results[0]); !bytes.Equal(got, one) {
		t.Differs("W6", "the Stack of the first panic of a worker, after further ones", string(one), string(got))
	}
	if first, last := depth(results[1]), depth(results[panics-1]); last > first+panics {
		t.Differs("G4", fmt.Sprintf("lines of the stack of the %dth panic of one worker", panics), fmt.Sprintf("about %d, as of the second", first), last)
	}
	t.Step()
}

// deeply panics so many calls deep.
func deeply(calls int) error {
	if calls == 0 {
		panic(errTask)
	}
	return deeply(calls - 1)
}

// gateResults runs tasks whose results are nil or of different types.
func gateResults(t *harness.T) {
	p := newSubject[any](1)
	t.AtEnd(p.Close)
	values := []any{nil, 1, "one", errTask, error(nil), 2.5}
	for i, v := range values {
		var err error
		switch i % 3 {
		case 1:
			err = errTask
		case 2:
			err = taskError{int64(i)} // an error of another type
		}
		if p.Submit(func() (any, error) { return v, err }) != nil {
			t.Differs("W2", "Submit of an open pool", "<nil>", "an error")
		}
	}
	p.Wait()
	results := p.Results()
	if len(results) != len(values) {
		t.Differs("W6", "number of results of different types", len(values), len(results))
		return
	}
	for i, r := range results {
		if r.Value != values[i] || (r.Err != nil) != (i%3 != 0) {
			t.Differs("W6", "the result of a task, among results of different types", fmt.Sprint(values[i]), fmt.Sprintf("%+v", r))
		}
	}
	t.Step()
}
