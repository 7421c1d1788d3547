package forpool

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"racebench/internal/scenarios/harness"
)

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
				if err != nil && !errors.Is(err, judged.ErrClosed()) {
					t.Fail("W2", "Submit returned another error than ErrClosed", judged.ErrClosed(), err)
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

// resetRefilled holds callers up, while a pool that has results is reset and as many
// tasks run as had run before: none of the old results is there then, and tasks that are
// submitted beside the Reset are dropped, or run.
func resetRefilled(t *harness.T) {
	const tasks, rounds = 3, 16
	const old, beside = -1, tasks // what those return that were before, and those beside
	for round := range rounds {
		p := newPool(t, 2)
		for range tasks {
			p.submit(func() (int, error) { return old, nil })
		}
		p.Wait()
		t.FewStragglers()
		t.Add(1, func(cl *harness.Client) {
			p.Results()
			cl.Step()
		})
		if round%2 == 0 {
			t.Add(1, func(cl *harness.Client) {
				for range 30 {
					p.submit(func() (int, error) { return beside, nil })
					cl.Step()
				}
				p.Wait()
			})
		}
		t.Add(1, func(cl *harness.Client) {
			p.Reset()
			for i := range tasks {
				p.submit(func() (int, error) { return i, nil })
			}
			p.Wait()
			cl.Step()
		})
		t.Run()
		if t.GaveUp() {
			return
		}
		ran := make([]int, tasks+1)
		for _, r := range p.Results() {
			if r.Err != nil || r.Value < 0 || r.Value > beside { // old, or nothing that a task returned
				t.Fail("W12", "a result after Reset, and after as many tasks as had ended before it", "what a task returned since", fmt.Sprintf("%+v", r))
				return
			}
			ran[r.Value]++
		}
		for i := range tasks {
			harness.Equal(t, "W12", "results of a task that was submitted after Reset", 1, ran[i])
		}
		p.quiet(tasks+ran[beside], 0)
	}
}

// poolResetStorm resets again and again while tasks come and go.
func poolResetStorm(t *harness.T) {
	if !t.Small() && t.Rand.IntN(4) == 0 {
		resetRefilled(t)
	}
	p := newPool(t, 1+t.Rand.IntN(3))
	n, each := t.Clients(2), t.Size(40, 2)
	resets, spaced := each/2, !t.Small() && t.Rand.IntN(6) == 0
	if spaced {
		each, resets = 1000, 6 // so that there are many results, and are once more
	}
	ran := make([]int, n*each)
	var begun atomic.Uint64
	for id := range n {
		t.Add(1, func(cl *harness.Client) {
			for i := range each {
				task := id*each + i
				p.submit(func() (int, error) { ran[task]++; return task, nil })
				begun.Add(1)
				cl.Step()
			}
		})
	}
	t.Add(1, func(cl *harness.Client) {
		for i := range resets {
			if spaced {
				enough := uint64(i+1) * uint64(n*each) / uint64(resets+1)
				t.Until(func() bool { return begun.Load() >= enough })
			}
			p.Reset()
			cl.Step()
		}
	})
	t.Add(1, func(cl *harness.Client) {
		for range min(each, 100) {
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
			for range resets / 2 {
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
