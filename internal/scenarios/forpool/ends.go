package forpool

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"racebench/internal/scenarios/harness"
	"racebench/internal/workerpool"
)

// poolWaitOwn lets every goroutine submit a task and wait: at the latest then
// its own task has ended.
func poolWaitOwn(t *harness.T) {
	p := newPool(t, 1+t.Rand.IntN(3))
	n, each := t.Clients(2), t.Size(25, 2)
	t.Add(n, func(cl *harness.Client) {
		for i := range each {
			// Plain memory: if Wait orders nothing, this is a data race.
			done := 0
			kind := cl.Rand.IntN(4)
			p.submit(func() (int, error) {
				defer func() { done++ }()
				switch kind {
				case 0:
					return i, errTask
				case 1:
					panic(i)
				}
				return i, nil
			})
			p.Wait()
			if done != 1 {
				t.Fail("W10", "Wait returned although the caller's own task had not ended", 1, done)
			}
			if got := len(p.Results()); got <= i {
				t.Fail("W4", "a task has ended and its result is not there", fmt.Sprintf("at least %d", i+1), got)
			}
			cl.Step()
		}
	})
	t.Run()
	p.Wait()
	s := p.check("at rest")
	harness.Total(t, "W3", "tasks that were counted", uint64(n*each), s.Completed+s.Failed)
	p.quiet(int(s.Completed), int(s.Failed))
}

// poolWaitHeld calls Wait while a worker holds the last task, so that nothing
// is pending but something is active; and while something is pending.
func poolWaitHeld(t *harness.T) {
	p := newPool(t, 1+t.Rand.IntN(3))
	p.Wait() // nothing was ever submitted
	for range t.Size(2, 1) {
		release := harness.NewLatch()
		tasks := 1 + t.Rand.IntN(p.workers+2)
		var in atomic.Int64
		holding := harness.NewMeeting(min(tasks, p.workers))
		for i := range tasks {
			p.submit(func() (int, error) {
				in.Add(1)
				holding.Arrive()
				t.Await(release)
				return i, nil
			})
		}
		if !t.Await(holding.All) {
			return
		}
		n := t.Clients(2)
		done := harness.NewMeeting(n)
		for range n {
			t.Spawn(func(cl *harness.Client) {
				p.Wait()
				if !release.IsOpen() {
					t.Fail("W10", "Wait returned while a task was running", "it waits", "it returned")
				}
				cl.Step()
				done.Arrive()
			})
		}
		t.Linger()
		release.Open()
		if !t.Await(done.All) {
			return
		}
		harness.Equal(t, "W10", "tasks that ran before Wait returned", int64(tasks), in.Load())
	}
	p.Wait()
}

// poolWaitChain has each task submit the next one before it ends: something is
// pending or active until the last has ended, though never in the same place for
// long.
func poolWaitChain(t *harness.T) {
	p := newPool(t, 1+t.Rand.IntN(2))
	for range t.Size(12, 1) {
		length := int64(t.Size(16, 3))
		var ran atomic.Int64
		var link func(i int64) func() (int, error)
		link = func(i int64) func() (int, error) {
			return func() (int, error) {
				if i < length {
					p.submit(link(i + 1))
				}
				ran.Add(1)
				return int(i), nil
			}
		}
		p.submit(link(1))
		n := t.Clients(2)
		done := harness.NewMeeting(n)
		for range n {
			t.Spawn(func(cl *harness.Client) {
				p.Wait()
				if got := ran.Load(); got != length {
					t.Fail("W10", "Wait returned before the end of a chain of tasks, each of which submits the next", length, got)
				}
				cl.Step()
				done.Arrive()
			})
		}
		if !t.Await(done.All) {
			return
		}
	}
}

// poolCloseRace closes a pool while others submit.
func poolCloseRace(t *harness.T) {
	for range t.Size(8, 1) {
		p := newPool(t, 1+t.Rand.IntN(3))
		n, each := t.Clients(2), t.Size(6, 2)
		ran := make([]int, n*each)
		accepted := make([]bool, n*each)
		for id := range n {
			t.Add(1, func(cl *harness.Client) {
				for i := range each {
					task := id*each + i
					err := p.Submit(func() (int, error) { ran[task]++; return task, nil })
					accepted[task] = err == nil
					if err != nil && !errors.Is(err, workerpool.ErrClosed) {
						t.Fail("W2", "Submit returned another error than ErrClosed", workerpool.ErrClosed, err)
					}
					cl.Step()
				}
			})
		}
		t.Add(1, func(cl *harness.Client) {
			p.Pool.Close()
			checkClosed(t, p)
			cl.Step()
		})
		if t.Rand.IntN(2) == 0 {
			t.Add(1, func(cl *harness.Client) {
				p.Wait()
				cl.Step()
			})
		}
		t.Run()
		p.Close()
		if t.GaveUp() {
			return
		}
		if err := p.Submit(func() (int, error) {
			t.Fail("W2", "a task ran that was refused", "it never runs", "it ran")
			return 0, nil
		}); !errors.Is(err, workerpool.ErrClosed) {
			t.Fail("W2", "Submit after Close", workerpool.ErrClosed, err)
		}
		count := 0
		for task := range ran {
			want := 0
			if accepted[task] {
				want = 1
				count++
			}
			harness.Equal(t, "W2", fmt.Sprintf("runs of a task whose Submit raced with Close (accepted: %t)", accepted[task]), want, ran[task])
		}
		p.quiet(count, 0)
	}
}

// checkClosed checks a pool whose Close has returned.
func checkClosed(t *harness.T, p *pool) {
	s := p.check("after Close")
	if s.Stopped != p.workers || s.Pending != 0 || s.Active != 0 {
		t.Fail("W11", "Close returned before every accepted task had ended and every worker had stopped",
			fmt.Sprintf("Stopped: %d, Active: 0, Pending: 0", p.workers), fmt.Sprintf("%+v", s))
	}
	if _, _, stopped := p.states("after Close"); stopped != p.workers {
		t.Fail("W11", "Close returned before every worker had stopped", p.workers, stopped)
	}
}

// poolCloseHeld calls Close from several goroutines while tasks run and others
// are pending; none returns before the tasks have ended.
func poolCloseHeld(t *harness.T) {
	p := newPool(t, 1+t.Rand.IntN(3))
	release := harness.NewLatch()
	// How the held tasks, and some of those that are pending, end.
	kind := t.Rand.IntN(3)
	end := func(i int) (int, error) {
		switch kind {
		case 0:
			return i, errTask
		case 1:
			panic("boom")
		}
		return i, nil
	}
	if !p.hold(release, end) {
		return
	}
	pending := backlog(t, 4)
	ran := make([]int, pending)
	failed := 0
	if kind < 2 {
		failed = p.workers + (pending+1)/2
	}
	for i := range pending {
		p.submit(func() (int, error) {
			ran[i]++
			if i%2 == 0 {
				return end(i)
			}
			return i, nil
		})
	}
	n := t.Clients(2)
	done := harness.NewMeeting(n)
	for range n {
		t.Spawn(func(cl *harness.Client) {
			p.Pool.Close()
			if !release.IsOpen() {
				t.Fail("W11", "Close returned while a task was running", "it waits", "it returned")
			} else {
				checkClosed(t, p)
			}
			cl.Step()
			done.Arrive()
		})
	}
	// Tasks that a racing Submit brings in run; what is refused never does.
	late := 0
	refused := false
	for range t.Size(4, 1) {
		t.Linger()
		err := p.Submit(func() (int, error) { return -1, nil })
		switch {
		case err == nil && refused:
			t.Fail("W2", "Submit was accepted after it had been refused", workerpool.ErrClosed, err)
		case err == nil:
			late++
		case errors.Is(err, workerpool.ErrClosed):
			refused = true
		default:
			t.Fail("W2", "Submit returned another error than ErrClosed", workerpool.ErrClosed, err)
		}
	}
	s := p.check("during Close")
	harness.Equal(t, "W11", "Active and Pending during Close, while every worker is held",
		[2]int{p.workers, pending + late}, [2]int{s.Active, s.Pending})
	if t.Rand.IntN(2) == 0 {
		t.Spawn(func(cl *harness.Client) {
			p.Wait()
			if !release.IsOpen() {
				t.Fail("W10", "Wait returned while a task was running", "it waits", "it returned")
			}
			cl.Step()
		})
	}
	release.Open()
	if !t.Await(done.All) {
		return
	}
	p.Close() // and once more
	p.Wait()  // Wait works after Close
	for i := range ran {
		harness.Equal(t, "W11", "runs of a task that was pending when Close was called", 1, ran[i])
	}
	p.quiet(p.workers+pending+late-failed, failed)
	p.Reset() // Reset works after Close, and opens nothing
	p.quiet(0, 0)
	if err := p.Submit(func() (int, error) { return 0, nil }); !errors.Is(err, workerpool.ErrClosed) {
		t.Fail("W2", "Submit after Close and Reset", workerpool.ErrClosed, err)
	}
}

// poolLifecycle makes and closes many pools, at rest and in use.
func poolLifecycle(t *harness.T) {
	for round := range t.Size(6, 1) {
		p := newPool(t, t.Workers(4))
		p.check("when new")
		idle, _, _ := p.states("when new")
		harness.Equal(t, "W1", "idle workers of a new pool", p.workers, idle)
		tasks := 0
		switch round % 3 {
		case 1: // closed with work to do
			tasks = t.Rand.IntN(6)
			for i := range tasks {
				p.submit(func() (int, error) { return i, nil })
			}
		case 2: // closed at rest, after use
			tasks = p.workers
			meet(t, p)
			p.Wait()
		}
		if t.Rand.IntN(2) == 0 {
			t.Add(2, func(cl *harness.Client) {
				p.Pool.Close()
				checkClosed(t, p)
				cl.Step()
			})
			t.Run()
		}
		p.Close()
		t.Step()
		checkClosed(t, p)
		p.quiet(tasks, 0)
		if t.GaveUp() {
			return
		}
	}
}

// backlog is a number of tasks below few, or sometimes more than a buffer is likely
// to hold.
func backlog(t *harness.T, few int) int {
	if !t.Small() && t.Rand.IntN(4) == 0 {
		return []int{40, 300, 1500}[t.Rand.IntN(3)]
	}
	return t.Rand.IntN(few)
}

// poolReset resets a pool whose workers are all held, with tasks pending.
func poolReset(t *harness.T) {
	for range t.Size(3, 1) {
		if t.GaveUp() {
			return
		}
		p := newPool(t, 1+t.Rand.IntN(3))
		// Some history to forget.
		for i := range t.Rand.IntN(4) {
			p.submit(func() (int, error) {
				if i%2 == 0 {
					return 0, errTask
				}
				return i, nil
			})
		}
		p.Wait()
		if t.Rand.IntN(2) == 0 {
			p.Reset()
			p.quiet(0, 0)
		}
		// The first worker may be let go before the others, and has ended what
		// was submitted after the Reset while they still run what came before.
		first, release := harness.NewLatch(), harness.NewLatch()
		kind := t.Rand.IntN(3)
		ok := p.hold(first, func(i int) (int, error) {
			if i > 0 {
				t.Await(release)
			}
			switch kind {
			case 0:
				return i, errTask
			case 1:
				panic("boom")
			}
			return i, nil
		})
		if !ok {
			return
		}
		dropped := backlog(t, 5)
		for range dropped {
			p.submit(func() (int, error) {
				t.Fail("W12", "a task ran that Reset had dropped", "it never runs", "it ran")
				return 0, nil
			})
		}
		s := p.check("while every worker is held")
		harness.Equal(t, "W4", "Active and Pending while every worker is held", [2]int{p.workers, dropped}, [2]int{s.Active, s.Pending})
		closing := t.Rand.IntN(3) == 0
		closed := harness.NewLatch()
		if closing {
			p.closed = true
			t.Spawn(func(cl *harness.Client) {
				p.Pool.Close()
				if !release.IsOpen() {
					t.Fail("W12", "Close did not wait for a task that Reset forgot", "it waits", "it returned")
				}
				cl.Step()
				closed.Open()
			})
			t.Linger()
		}
		waited := harness.NewMeeting(2)
		wait := func(when string) {
			t.Spawn(func(cl *harness.Client) {
				p.Wait()
				if !release.IsOpen() {
					t.Fail("W12", "Wait, called "+when+" Reset, did not wait for a task that Reset forgot", "it waits", "it returned")
				}
				cl.Step()
				waited.Arrive()
			})
		}
		wait("before")
		t.Linger()
		if t.Rand.IntN(3) > 0 {
			p.Reset()
		} else {
			t.Add(2, func(cl *harness.Client) { p.Reset(); cl.Step() })
			t.Run()
		}
		t.Step()
		s = p.check("after Reset while every worker is held")
		harness.Equal(t, "W12", "Submitted, Active, Pending, Completed, Failed after Reset, while every worker is held",
			[5]int{p.workers, p.workers, 0, 0, 0}, [5]int{int(s.Submitted), s.Active, s.Pending, int(s.Completed), int(s.Failed)})
		harness.Equal(t, "W12", "results after Reset", 0, len(p.Results()))
		harness.Equal(t, "W12", "Pending after Reset", 0, p.Pending())
		_, busy, _ := p.states("after Reset")
		harness.Equal(t, "W12", "Busy workers after Reset, while every one is held", p.workers, busy)
		wait("after")
		fresh := 0
		if !closing {
			fresh = t.Rand.IntN(4)
			for i := range fresh {
				p.submit(func() (int, error) { return 500 + i, nil })
			}
			s = p.check("after Reset and Submit")
			harness.Equal(t, "W12", "Submitted, Active, Pending after Reset and Submit, while every worker is held",
				[3]int{p.workers + fresh, p.workers, fresh}, [3]int{int(s.Submitted), s.Active, s.Pending})
		}
		t.Linger()
		if fresh > 0 && p.workers > 1 && t.Rand.IntN(2) == 0 {
			last := harness.NewLatch()
			p.submit(func() (int, error) { last.Open(); return 500, nil })
			fresh++
			first.Open()
			if !t.Await(last) {
				return
			}
		}
		release.Open()
		first.Open()
		if !t.Await(waited.All) || closing && !t.Await(closed) {
			return
		}
		p.Wait()
		p.quiet(fresh, 0)
		for _, r := range p.Results() {
			if r.Err != nil || r.Value < 500 {
				t.Fail("W12", "a task that was running at Reset left a result", "results of later tasks only", fmt.Sprintf("%+v", r))
			}
		}
		if !closing {
			meet(t, p) // no worker has been forgotten
			p.Wait()
		}
	}
}

// poolResetWait resets pools while somebody waits, or closes, with tasks that
// may not have been started. If the Reset drops the last of them it is the Reset
// that ends the wait: nothing else will.
func poolResetWait(t *harness.T) {
	for range t.Size(32, 1) {
		p := newPool(t, 1+t.Rand.IntN(2))
		tasks, closes := 1+t.Rand.IntN(2), t.Rand.IntN(2) == 0
		var started, ended atomic.Int64
		t.Add(1, func(cl *harness.Client) {
			for i := range tasks {
				p.submit(func() (int, error) {
					started.Add(1)
					runtime.Gosched()
					ended.Add(1)
					return i, nil
				})
			}
			method, contract := "Wait", "W10"
			if closes {
				method, contract = "Close", "W11"
				p.Pool.Close()
			} else {
				p.Wait()
			}
			// Whatever has been dropped, nothing can be running now.
			if n := started.Load() - ended.Load(); n != 0 {
				t.Fail(contract, method+" returned while a task was running, beside Reset", 0, n)
			}
			cl.Step()
		})
		t.Add(1, func(cl *harness.Client) {
			p.Reset()
			cl.Step()
		})
		// Others who wait come and go; a Reset wakes all of them.
		t.Add(t.Rand.IntN(3), func(cl *harness.Client) {
			p.Wait()
			cl.Step()
		})
		t.Run()
		p.Wait()
		p.closed = closes
		s := p.check("at rest")
		p.quiet(int(s.Completed), int(s.Failed))
		if !closes {
			meet(t, p) // who was woken for a task that is gone works for the next one
		}
		p.Close()
		if t.GaveUp() {
			return
		}
	}
}

// poolResetClosing resets pools while they close. Workers stop meanwhile, one
// after the other; tasks submit tasks; and the last that is pending may be
// dropped, so that it is the Reset that ends the Close.
func poolResetClosing(t *harness.T) {
	for range t.Size(12, 1) {
		p := newPool(t, 1+t.Rand.IntN(3))
		tasks, resets := t.Rand.IntN(4), t.Rand.IntN(3)
		ran, accepted := make([]int, 2*tasks), make([]bool, 2*tasks)
		for task := range tasks {
			more := tasks + task
			p.submit(func() (int, error) {
				ran[task]++
				err := p.Submit(func() (int, error) { ran[more]++; return more, nil })
				accepted[more] = err == nil
				if err != nil && !errors.Is(err, workerpool.ErrClosed) {
					t.Fail("W2", "Submit returned another error than ErrClosed", workerpool.ErrClosed, err)
				}
				return task, nil
			})
			accepted[task] = true
		}
		t.Add(1+t.Rand.IntN(2), func(cl *harness.Client) {
			p.Pool.Close()
			checkClosed(t, p)
			cl.Step()
		})
		if resets > 0 {
			t.Add(1, func(cl *harness.Client) {
				for range resets {
					p.Reset()
					cl.Step()
				}
			})
		}
		t.Add(1, func(cl *harness.Client) {
			last := 0
			for range t.Size(20, 3) {
				s := p.check("while it closes")
				if _, _, stopped := p.states("while it closes"); s.Stopped < last || stopped < s.Stopped {
					t.Fail("W7", "Stopped workers, in one look after the other", "none is less than the one before", [3]int{last, s.Stopped, stopped})
				} else {
					last = stopped
				}
				cl.Step()
			}
		})
		t.Run()
		p.Close()
		if t.GaveUp() {
			return
		}
		count := 0
		for task := range ran {
			count += ran[task]
			switch {
			case ran[task] > 1 || ran[task] == 1 && !accepted[task]:
				t.Fail("W3", fmt.Sprintf("runs of a task of a pool that was closing (accepted: %t)", accepted[task]), "at most 1", ran[task])
			case resets == 0 && accepted[task] && ran[task] != 1:
				t.Fail("W11", "runs of a task that was accepted before the pool was closed", 1, ran[task])
			}
		}
		s := p.check("after Close")
		if resets == 0 {
			harness.Total(t, "W11", "tasks that were counted", uint64(count), s.Submitted)
		}
		p.quiet(int(s.Completed), int(s.Failed))
	}
}

// poolResetStorm resets again and again while tasks come and go.
func poolResetStorm(t *harness.T) {
	p := newPool(t, 1+t.Rand.IntN(3))
	n, each := t.Clients(2), t.Size(40, 2)
	ran := make([]int, n*each)
	for id := range n {
		t.Add(1, func(cl *harness.Client) {
			for i := range each {
				task := id*each + i
				p.submit(func() (int, error) { ran[task]++; return task, nil })
				cl.Step()
			}
		})
	}
	t.Add(1, func(cl *harness.Client) {
		for range each / 2 {
			p.Reset()
			cl.Step()
		}
	})
	t.Add(1, func(cl *harness.Client) {
		for range each {
			p.check("beside Reset")
			seen := map[int]bool{}
			for _, r := range p.Results() {
				if r.Err != nil || r.Value < 0 || r.Value >= len(ran) || seen[r.Value] {
					t.Fail("W13", "results beside Reset", "what tasks returned, each once", fmt.Sprintf("%+v", r))
					return
				}
				seen[r.Value] = true
			}
			cl.Step()
		}
	})
	if !t.Small() {
		t.Add(1, func(cl *harness.Client) {
			for range each / 4 {
				p.Wait()
				cl.Step()
			}
		})
	}
	t.Run()
	p.Wait()
	if t.GaveUp() {
		return
	}
	for task := range ran {
		if ran[task] > 1 {
			t.Fail("W3", "a task ran more than once", "at most 1", ran[task])
		}
	}
	s := p.check("at rest")
	p.quiet(int(s.Completed), int(s.Failed))
	p.Reset()
	p.quiet(0, 0)
	meet(t, p)
}
