package contracttest

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// PoolResult is what workerpool.Result[int] has to look like.
type PoolResult interface {
	~struct {
		Value int
		Err   error
	}
}

// PoolState is what workerpool.State has to look like: 0, 1 and 2 are "idle",
// "busy" and "stopped".
type PoolState interface {
	~int
	fmt.Stringer
}

// PoolStats is what workerpool.Stats has to look like.
type PoolStats interface {
	~struct {
		Workers, Idle, Active, Stopped, Pending int
		Submitted, Completed, Failed            uint64
	}
}

// Pool is what *workerpool.Pool[int] has to look like.
type Pool[R PoolResult, W PoolState, S PoolStats] interface {
	Submit(task func() (int, error)) error
	Wait()
	Close()
	Pending() int
	Results() []R
	WorkerStates() []W
	Stats() S
	Reset()
}

// PoolPackage is what package workerpool exports beside the methods.
type PoolPackage[R PoolResult, W PoolState, S PoolStats] struct {
	New        func(workers int) Pool[R, W, S]
	ErrClosed  error
	PanicError func(err error) (value any, stack []byte, ok bool) // takes a *PanicError apart
}

// poolStats is a PoolStats of our own.
type poolStats struct {
	Workers, Idle, Active, Stopped, Pending int
	Submitted, Completed, Failed            uint64
}

// poolResult is a PoolResult of our own.
type poolResult struct {
	Value int
	Err   error
}

// TestPool tests an implementation of the worker pool.
func TestPool[R PoolResult, W PoolState, S PoolStats](t *testing.T, p PoolPackage[R, W, S]) {
	s := poolSuite[R, W, S]{p}
	t.Run("Model", s.model)
	t.Run("W1", s.new)
	t.Run("W2SubmitRacesClose", s.submitRacesClose)
	t.Run("W3Order", s.order)
	t.Run("W3Once", s.once)
	t.Run("W5Rendezvous", s.rendezvous)
	t.Run("W6PanicError", s.panicError)
	t.Run("W7Sums", s.sums)
	t.Run("W9CallsFromTasks", s.callsFromTasks)
	t.Run("W10WaitAfterSubmit", s.waitAfterSubmit)
	t.Run("W10MomentaryRest", s.momentaryRest)
	t.Run("W11CloseRunsAccepted", s.closeRunsAccepted)
	t.Run("W12ResetRaces", s.resetRaces)
	t.Run("W12ResetFromTask", s.resetFromTask)
	t.Run("W13Isolation", s.isolation)
	t.Run("StateString", s.stateString)
}

type poolSuite[R PoolResult, W PoolState, S PoolStats] struct {
	PoolPackage[R, W, S]
}

// poolTask is a task that runs until the test ends it.
type poolTask struct {
	number   int
	end      chan struct{}
	result   poolResult
	panics   bool
	detached bool // running while Reset was called
}

var errTask = errors.New("task failed")

// model compares random calls with a model of a pool that is given time to
// settle after each: every worker that can have a task has one.
func (s poolSuite[R, W, S]) model(t *testing.T) {
	FixSeed(t)
	synctest.Test(t, func(t *testing.T) {
		// A bubble has no Deadline, so rapid must not find that method.
		rapid.Check(struct{ testing.TB }{t}, func(t *rapid.T) {
			r := &poolRun[R, W, S]{suite: s, workers: rapid.IntRange(1, 4).Draw(t, "workers")}
			r.pool = s.New(r.workers)
			defer r.finish()
			t.Repeat(map[string]func(*rapid.T){
				"Submit":     r.submit,
				"SubmitMany": r.submitMany,
				"End":        r.end,
				"Reset":      r.reset,
				"Wait":       r.wait,
				"Close":      r.close,
				"":           r.check,
			})
		})
	})
}

// poolRun is one comparison of a pool with the model.
type poolRun[R PoolResult, W PoolState, S PoolStats] struct {
	suite   poolSuite[R, W, S]
	pool    Pool[R, W, S]
	workers int

	// The model. Tasks move from pending to running to results.
	tasks             int
	pending, running  []*poolTask
	results           []poolResult
	completed, failed uint64
	closed            bool
	waiting, closing  int   // calls of Wait and Close that may not return yet
	order             []int // the numbers of the tasks in the order of their start

	// What was seen.
	mu      sync.Mutex
	started []int

	waits, closes atomic.Int64 // calls of Wait and Close that have not returned
}

func (r *poolRun[R, W, S]) submit(t *rapid.T) {
	task := &poolTask{
		number: r.tasks,
		end:    make(chan struct{}),
		result: rapid.SampledFrom([]poolResult{{Value: r.tasks}, {r.tasks, errTask}}).Draw(t, "result"),
		panics: rapid.IntRange(0, 4).Draw(t, "panic") == 0,
	}
	r.tasks++
	err := r.pool.Submit(func() (int, error) {
		r.mu.Lock()
		r.started = append(r.started, task.number)
		r.mu.Unlock()
		<-task.end
		if task.panics {
			panic(task.number)
		}
		return task.result.Value, task.result.Err
	})
	if r.closed {
		if !errors.Is(err, r.suite.ErrClosed) {
			t.Fatalf("Submit() after Close() = %v, want ErrClosed", err)
		}
		return
	}
	if err != nil {
		t.Fatalf("Submit() = %v", err)
	}
	r.pending = append(r.pending, task)
	r.settle()
}

func (r *poolRun[R, W, S]) submitMany(t *rapid.T) {
	for range 3 * r.workers {
		r.submit(t)
	}
}

// settle starts tasks in the model, and lets the pool do so.
func (r *poolRun[R, W, S]) settle() {
	for len(r.running) < r.workers && len(r.pending) > 0 {
		r.running = append(r.running, r.pending[0])
		r.order = append(r.order, r.pending[0].number)
		r.pending = r.pending[1:]
	}
	if len(r.running) == 0 {
		r.waiting = 0
		if r.closed {
			r.closing = 0
		}
	}
	synctest.Wait()
}

func (r *poolRun[R, W, S]) end(t *rapid.T) {
	if len(r.running) == 0 {
		return
	}
	i := rapid.IntRange(0, len(r.running)-1).Draw(t, "task")
	task := r.running[i]
	r.running = slices.Delete(r.running, i, i+1)
	if !task.detached {
		result := task.result
		if task.panics {
			result = poolResult{}
		}
		r.results = append(r.results, result)
		if task.panics || result.Err != nil {
			r.failed++
		} else {
			r.completed++
		}
	}
	close(task.end)
	r.settle()
	// What a panic left is compared by its value, and the model takes it over.
	if last := len(r.results) - 1; !task.detached && task.panics {
		results := r.pool.Results()
		if len(results) != last+1 {
			t.Fatalf("%d results, want %d", len(results), last+1)
		}
		err := poolResult(results[last]).Err
		if value, _, ok := r.suite.PanicError(err); !ok || value != task.number {
			t.Fatalf("a panic with %d led to %v", task.number, err)
		}
		r.results[last].Err = err
	}
}

func (r *poolRun[R, W, S]) reset(*rapid.T) {
	r.pool.Reset()
	r.pending, r.results, r.completed, r.failed = nil, nil, 0, 0
	for _, task := range r.running {
		task.detached = true
	}
	r.settle()
}

func (r *poolRun[R, W, S]) wait(*rapid.T) {
	r.waiting++
	r.waits.Add(1)
	go func() {
		r.pool.Wait()
		r.waits.Add(-1)
	}()
	r.settle()
}

func (r *poolRun[R, W, S]) close(*rapid.T) {
	r.closed = true
	r.closing++
	r.closes.Add(1)
	go func() {
		r.pool.Close()
		r.closes.Add(-1)
	}()
	r.settle()
}

func (r *poolRun[R, W, S]) check(t *rapid.T) {
	want := poolStats{
		Workers:   r.workers,
		Active:    len(r.running),
		Pending:   len(r.pending),
		Submitted: uint64(len(r.pending)+len(r.running)) + r.completed + r.failed,
		Completed: r.completed,
		Failed:    r.failed,
	}
	if r.closed && len(r.pending) == 0 {
		want.Stopped = r.workers - len(r.running)
	}
	want.Idle = r.workers - want.Active - want.Stopped
	if got := poolStats(r.pool.Stats()); got != want {
		t.Fatalf("Stats() = %+v, want %+v", got, want)
	}
	if got := r.pool.Pending(); got != want.Pending {
		t.Fatalf("Pending() = %d, want %d", got, want.Pending)
	}
	if got := countStates(r.pool.WorkerStates()); got != [3]int{want.Idle, want.Active, want.Stopped} {
		t.Fatalf("WorkerStates() has %v idle, busy, stopped, want %+v", got, want)
	}
	results := r.pool.Results()
	if !slices.EqualFunc(results, r.results, func(a R, b poolResult) bool { return poolResult(a) == b }) {
		t.Fatalf("Results() = %v, want %v", results, r.results)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.started, r.order) {
		t.Fatalf("tasks started in the order %v, want %v", r.started, r.order)
	}
	if got := r.waits.Load(); got != int64(r.waiting) {
		t.Fatalf("%d calls of Wait have not returned, want %d", got, r.waiting)
	}
	if got := r.closes.Load(); got != int64(r.closing) {
		t.Fatalf("%d calls of Close have not returned, want %d", got, r.closing)
	}
}

// finish ends everything, so that no goroutine is left.
func (r *poolRun[R, W, S]) finish() {
	r.pool.Reset()
	for _, task := range r.running {
		close(task.end)
	}
	r.pool.Wait()
	r.pool.Close()
	synctest.Wait()
}

// countStates returns the number of idle, busy and stopped workers.
func countStates[W PoolState](states []W) (counts [3]int) {
	for _, state := range states {
		counts[state]++
	}
	return counts
}

// nothing is a task that does nothing.
func nothing() (int, error) { return 0, nil }

// submit fails the test if a task is refused.
func submit[R PoolResult, W PoolState, S PoolStats](t *testing.T, p Pool[R, W, S], task func() (int, error)) {
	t.Helper()
	if err := p.Submit(task); err != nil {
		t.Errorf("Submit() = %v", err)
	}
}

func (s poolSuite[R, W, S]) new(t *testing.T) {
	mustPanic(t, func() { s.New(0) })
	mustPanic(t, func() { s.New(-1) })
	p := s.New(3)
	defer p.Close()
	if got := countStates(p.WorkerStates()); got != [3]int{3, 0, 0} {
		t.Errorf("a new pool of 3 has %v idle, busy, stopped workers", got)
	}
	if got := poolStats(p.Stats()); got != (poolStats{Workers: 3, Idle: 3}) {
		t.Errorf("Stats() of a new pool = %+v", got)
	}
	p.Wait() // nothing to wait for
}

func (s poolSuite[R, W, S]) stateString(t *testing.T) {
	for state, want := range []string{"idle", "busy", "stopped"} {
		if got := W(state).String(); got != want {
			t.Errorf("State(%d).String() = %q, want %q", state, got, want)
		}
	}
}

// order lets several goroutines submit to one worker: the tasks of each run in
// the order of their submission.
func (s poolSuite[R, W, S]) order(t *testing.T) {
	const goroutines, each = 4, 2000
	p := s.New(1)
	defer p.Close()
	var ran [goroutines][]int // by goroutine; the only worker appends
	var done sync.WaitGroup
	for g := range goroutines {
		done.Go(func() {
			for i := range each {
				submit(t, p, func() (int, error) {
					ran[g] = append(ran[g], i)
					return i, nil
				})
			}
		})
	}
	done.Wait()
	p.Wait()
	for g := range ran {
		if len(ran[g]) != each || !slices.IsSorted(ran[g]) {
			t.Errorf("the tasks of goroutine %d ran in the order %v", g, ran[g])
		}
	}
}

func (s poolSuite[R, W, S]) once(t *testing.T) {
	const goroutines, each, workers = 4, 1000, 3
	p := s.New(workers)
	defer p.Close()
	var ran [goroutines * each]atomic.Int64
	var active, most atomic.Int64
	var done sync.WaitGroup
	for g := range goroutines {
		done.Go(func() {
			for i := range each {
				submit(t, p, func() (int, error) {
					now := active.Add(1)
					for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
					}
					ran[g*each+i].Add(1)
					active.Add(-1)
					return g*each + i, nil
				})
			}
		})
	}
	done.Wait()
	p.Wait()
	for i := range ran {
		if got := ran[i].Load(); got != 1 {
			t.Errorf("task %d ran %d times", i, got)
		}
	}
	if got := most.Load(); got > workers {
		t.Errorf("%d tasks ran at once on %d workers", got, workers)
	}
	var values []int
	for _, result := range p.Results() {
		values = append(values, poolResult(result).Value)
	}
	slices.Sort(values)
	for i := range goroutines * each {
		if len(values) != goroutines*each || values[i] != i {
			t.Fatalf("results are %v", values)
		}
	}
}

// rendezvous runs tasks that end only when as many as there are workers run at
// once, and does it again, so that workers that fell asleep are needed.
func (s poolSuite[R, W, S]) rendezvous(t *testing.T) {
	for _, workers := range []int{1, 2, 5, 16} {
		synctest.Test(t, func(t *testing.T) {
			p := s.New(workers)
			defer p.Close()
			for range 3 {
				var all sync.WaitGroup
				all.Add(workers)
				for range workers {
					submit(t, p, func() (int, error) {
						all.Done()
						all.Wait()
						return 0, nil
					})
				}
				p.Wait() // in a bubble, a deadlock is seen at once
				synctest.Wait()
			}
		})
	}
}

func (s poolSuite[R, W, S]) panicError(t *testing.T) {
	p := s.New(1)
	defer p.Close()
	submit(t, p, func() (int, error) { panic(errTask) })
	submit(t, p, func() (value int, err error) {
		defer func() { value = 7 }()
		panic("boom")
	})
	submit(t, p, func() (int, error) { return 9, fmt.Errorf("wrapped: %w", errTask) })
	submit(t, p, func() (int, error) { return 8, nil })
	p.Wait()

	results := p.Results()
	if len(results) != 4 {
		t.Fatalf("Results() = %v, want 4", results)
	}
	for i, want := range []any{errTask, "boom"} {
		result := poolResult(results[i])
		value, stack, ok := s.PanicError(result.Err)
		if !ok || value != want || result.Value != 0 {
			t.Errorf("a panic with %v left %+v", want, result)
		}
		if !bytes.Contains(stack, []byte("panicError")) {
			t.Errorf("the stack of a panic does not name the task: %s", stack)
		}
		if result.Err.Error() == "" {
			t.Error("PanicError.Error() is empty")
		}
	}
	if err := poolResult(results[0]).Err; !errors.Is(err, errTask) {
		t.Errorf("%v does not wrap the error that the task panicked with", err)
	}
	if err := errors.Unwrap(poolResult(results[1]).Err); err != nil {
		t.Errorf("a panic with a string unwraps to %v", err)
	}
	if result := poolResult(results[2]); result.Value != 9 || !errors.Is(result.Err, errTask) {
		t.Errorf("a failed task left %+v", result)
	}
	if result := poolResult(results[3]); result != (poolResult{Value: 8}) {
		t.Errorf("the task after the panics left %+v", result)
	}
	if got := poolStats(p.Stats()); got != (poolStats{Workers: 1, Idle: 1, Submitted: 4, Completed: 1, Failed: 3}) {
		t.Errorf("Stats() = %+v", got)
	}
}

// checkSums checks that a snapshot adds up (W7).
func checkSums(t *testing.T, got poolStats) {
	t.Helper()
	if got.Idle+got.Active+got.Stopped != got.Workers ||
		uint64(got.Pending+got.Active)+got.Completed+got.Failed != got.Submitted ||
		min(got.Idle, got.Active, got.Stopped, got.Pending) < 0 {
		t.Errorf("%+v does not add up", got)
	}
}

// sums looks at the pool while it works, is reset and is closed.
func (s poolSuite[R, W, S]) sums(t *testing.T) {
	p := s.New(3)
	var done sync.WaitGroup
	for range 3 {
		done.Go(func() {
			for i := range 3000 {
				submit(t, p, func() (int, error) {
					switch i % 5 {
					case 0:
						return 0, errTask
					case 1:
						panic("boom")
					}
					return i, nil
				})
				if i%500 == 499 {
					p.Reset()
				}
			}
		})
	}
	stop := make(chan struct{})
	var watchers sync.WaitGroup
	watchers.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			checkSums(t, poolStats(p.Stats()))
			if got := countStates(p.WorkerStates()); got[0]+got[1]+got[2] != 3 {
				t.Errorf("WorkerStates() has %v idle, busy, stopped", got)
			}
		}
	})
	done.Wait()
	p.Close()
	close(stop)
	watchers.Wait()
	got := poolStats(p.Stats())
	checkSums(t, got)
	if got.Stopped != 3 || got.Pending != 0 {
		t.Errorf("Stats() after Close() = %+v", got)
	}
	if results := p.Results(); uint64(len(results)) != got.Completed+got.Failed {
		t.Errorf("%d results, want %d", len(results), got.Completed+got.Failed)
	}
}

// submitRacesClose counts: what was accepted ran, before Close returned, and what
// was refused did not.
func (s poolSuite[R, W, S]) submitRacesClose(t *testing.T) {
	for range 100 {
		p := s.New(2)
		var accepted, ran atomic.Int64
		var done sync.WaitGroup
		begin := make(chan struct{})
		for range 3 {
			done.Go(func() {
				<-begin
				for {
					err := p.Submit(func() (int, error) {
						ran.Add(1)
						return 0, nil
					})
					if err != nil {
						if !errors.Is(err, s.ErrClosed) {
							t.Errorf("Submit() = %v", err)
						}
						return
					}
					accepted.Add(1)
				}
			})
		}
		for range 2 {
			done.Go(func() {
				<-begin
				p.Close()
				if got := poolStats(p.Stats()); got.Stopped != 2 || got.Pending != 0 || got.Active != 0 {
					t.Errorf("Stats() after Close() = %+v", got)
				}
			})
		}
		close(begin)
		done.Wait()
		if accepted.Load() != ran.Load() {
			t.Fatalf("%d tasks were accepted, %d ran", accepted.Load(), ran.Load())
		}
	}
}

func (s poolSuite[R, W, S]) closeRunsAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := s.New(2)
		end := make(chan struct{})
		for range 10 {
			submit(t, p, func() (int, error) {
				<-end
				return 0, nil
			})
		}
		var closed atomic.Int64
		for range 3 {
			go func() {
				p.Close()
				closed.Add(1)
			}()
		}
		synctest.Wait()
		if closed.Load() != 0 {
			t.Error("Close() returned while tasks were pending")
		}
		if err := p.Submit(nothing); !errors.Is(err, s.ErrClosed) {
			t.Errorf("Submit() = %v, want ErrClosed", err)
		}
		close(end)
		p.Wait()
		synctest.Wait()
		if closed.Load() != 3 {
			t.Errorf("%d of 3 calls of Close returned", closed.Load())
		}
		p.Close()
		p.Wait()
		if got := poolStats(p.Stats()); got != (poolStats{Workers: 2, Stopped: 2, Submitted: 10, Completed: 10}) {
			t.Errorf("Stats() = %+v", got)
		}
		p.Reset()
		if got := poolStats(p.Stats()); got != (poolStats{Workers: 2, Stopped: 2}) {
			t.Errorf("Stats() after Reset() = %+v", got)
		}
	})
}

// callsFromTasks calls every method that a task may call (W9).
func (s poolSuite[R, W, S]) callsFromTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := s.New(1)
		defer p.Close()
		submit(t, p, func() (int, error) {
			submit(t, p, nothing)
			if got := p.Pending(); got != 1 {
				t.Errorf("Pending() = %d, want 1", got)
			}
			if got := p.WorkerStates(); got[0].String() != "busy" {
				t.Errorf("WorkerStates() = %v, want busy", got)
			}
			if got := p.Results(); len(got) != 0 {
				t.Errorf("Results() = %v, want none", got)
			}
			if got := poolStats(p.Stats()); got != (poolStats{Workers: 1, Active: 1, Pending: 1, Submitted: 2}) {
				t.Errorf("Stats() = %+v", got)
			}
			return 1, nil
		})
		p.Wait()
		if got := poolStats(p.Stats()); got.Completed != 2 {
			t.Errorf("Stats() = %+v, want 2 completed", got)
		}
	})
}

func (s poolSuite[R, W, S]) waitAfterSubmit(t *testing.T) {
	p := s.New(2)
	defer p.Close()
	var callers sync.WaitGroup
	for range 3 {
		callers.Go(func() {
			for range 500 {
				ran := false
				submit(t, p, func() (int, error) {
					ran = true
					return 0, nil
				})
				p.Wait()
				if !ran {
					t.Error("Wait() returned before a task that was submitted before it")
				}
			}
		})
	}
	callers.Wait()
}

// momentaryRest lets a pool rest only until somebody sees that and submits again:
// those who waited before return all the same, whenever they get to run.
func (s poolSuite[R, W, S]) momentaryRest(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			p := s.New(1)
			defer p.Close()
			first, second := make(chan struct{}), make(chan struct{})
			submit(t, p, func() (int, error) {
				<-first
				return 0, nil
			})
			var waiting atomic.Int64
			for range 4 {
				waiting.Add(1)
				go func() {
					p.Wait()
					waiting.Add(-1)
				}()
			}
			synctest.Wait()
			if got := waiting.Load(); got != 4 {
				t.Errorf("%d of 4 calls of Wait returned while a task was active", 4-got)
			}
			close(first)
			for poolStats(p.Stats()).Completed == 0 {
				runtime.Gosched()
			}
			submit(t, p, func() (int, error) {
				<-second
				return 0, nil
			})
			synctest.Wait()
			if got := waiting.Load(); got != 0 {
				t.Errorf("%d of 4 calls of Wait did not return though the pool was at rest", got)
			}
			close(second)
		})
	}
}

// resetRaces resets a pool again and again while it works: whatever a Reset
// leaves, the sums hold and everybody who waits returns.
func (s poolSuite[R, W, S]) resetRaces(t *testing.T) {
	for range 50 {
		p := s.New(2)
		var done sync.WaitGroup
		var accepted, ran atomic.Int64
		for range 2 {
			done.Go(func() {
				for range 50 {
					submit(t, p, func() (int, error) {
						ran.Add(1)
						return 0, nil
					})
					accepted.Add(1)
				}
				p.Wait()
			})
		}
		for range 2 {
			done.Go(func() {
				for range 20 {
					p.Reset()
					checkSums(t, poolStats(p.Stats()))
				}
			})
		}
		done.Wait()
		p.Wait()
		p.Reset()
		if got := poolStats(p.Stats()); got != (poolStats{Workers: 2, Idle: 2}) {
			t.Errorf("Stats() after Reset() = %+v", got)
		}
		if results := p.Results(); len(results) != 0 {
			t.Errorf("Results() after Reset() = %v", results)
		}
		done.Go(p.Reset)
		p.Close()
		done.Wait()
		if ran.Load() > accepted.Load() {
			t.Errorf("%d tasks were accepted, %d ran", accepted.Load(), ran.Load())
		}
	}
}

func (s poolSuite[R, W, S]) resetFromTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := s.New(1)
		defer p.Close()
		submit(t, p, func() (int, error) {
			p.Reset() // drops the next task, and forgets this one
			if got := poolStats(p.Stats()); got != (poolStats{Workers: 1, Active: 1, Submitted: 1}) {
				t.Errorf("Stats() after Reset() in a task = %+v", got)
			}
			submit(t, p, func() (int, error) { return 3, nil })
			return 1, nil
		})
		submit(t, p, func() (int, error) {
			t.Error("a task ran that was dropped")
			return 2, nil
		})
		p.Wait()
		if got := poolStats(p.Stats()); got != (poolStats{Workers: 1, Idle: 1, Submitted: 1, Completed: 1}) {
			t.Errorf("Stats() = %+v", got)
		}
		if results := p.Results(); len(results) != 1 || poolResult(results[0]).Value != 3 {
			t.Errorf("Results() = %v, want 3", results)
		}
	})
}

func (s poolSuite[R, W, S]) isolation(t *testing.T) {
	p := s.New(2)
	defer p.Close()
	// One task after another: the results are in the order of the ends (W13).
	for i := range 1000 {
		submit(t, p, func() (int, error) { return i, nil })
		p.Wait()
	}
	results, states := p.Results(), p.WorkerStates()
	clear(results)
	for i := range states {
		states[i] = 2
	}
	_ = append(results[:10], results[20:]...)
	for i, result := range p.Results() {
		if poolResult(result).Value != i {
			t.Fatalf("result %d is %v", i, result)
		}
	}
	if got := countStates(p.WorkerStates()); got != [3]int{2, 0, 0} {
		t.Errorf("WorkerStates() has %v idle, busy, stopped", got)
	}
}
