package forpool

import (
	"fmt"
	"sync/atomic"

	"racebench/internal/scenarios/harness"
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
		n := crowd(t, t.Clients(2))
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
