package forpool

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"racebench/internal/scenarios/harness"
)

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
					if err != nil && !errors.Is(err, judged.ErrClosed()) {
						t.Fail("W2", "Submit returned another error than ErrClosed", judged.ErrClosed(), err)
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
		}); !errors.Is(err, judged.ErrClosed()) {
			t.Fail("W2", "Submit after Close", judged.ErrClosed(), err)
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
	n := crowd(t, t.Clients(2))
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
			t.Fail("W2", "Submit was accepted after it had been refused", judged.ErrClosed(), err)
		case err == nil:
			late++
		case errors.Is(err, judged.ErrClosed()):
			refused = true
		default:
			t.Fail("W2", "Submit returned another error than ErrClosed", judged.ErrClosed(), err)
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
	if err := p.Submit(func() (int, error) { return 0, nil }); !errors.Is(err, judged.ErrClosed()) {
		t.Fail("W2", "Submit after Close and Reset", judged.ErrClosed(), err)
	}
}

// poolClosing looks at what goes on in a pool that closes with tasks pending: they
// start in order, each leaves its result at once, and the last ones before Close, as
// many as there are workers, wait for each other. What a closed pool returns is the
// caller's.
func poolClosing(t *harness.T) {
	p := newPool(t, 1+t.Rand.IntN(3))
	release := harness.NewLatch()
	pending := t.Size(12, 2)
	var started atomic.Int64
	submit := func(from, to int) {
		for i := from; i < to; i++ {
			p.submit(func() (int, error) {
				n := int(started.Add(1))
				p.inOrder("a closing pool", i, n)
				// Those that were held and n have started, and no more than there are
				// workers have not ended.
				if got := len(p.Results()); got < n {
					t.Fail("W4", "results of tasks that have ended, while the pool closes", fmt.Sprintf("at least %d", n), got)
				}
				return i, nil
			})
		}
	}
	// Some come together with those that are held, and may lie where these lay when a
	// worker came for them, and some when all workers are held.
	early := t.Rand.IntN(pending + 1)
	in := p.submitHeld(release, value)
	submit(0, early)
	if !t.Await(in.All) {
		return
	}
	submit(early, pending)
	p.gather()
	t.Spawn(func(cl *harness.Client) {
		p.Pool.Close()
		checkClosed(t, p)
		cl.Step()
	})
	// Close refuses new tasks first, and then waits for those that are held.
	late := 0
	if !t.Until(func() bool {
		err := p.Submit(func() (int, error) { return -1, nil })
		if err == nil {
			late++
		}
		return err != nil
	}) {
		return
	}
	release.Open()
	p.Close()
	t.Step()
	p.quiet(2*p.workers+pending+late, 0)
	if t.GaveUp() {
		return
	}
	results := p.Results()
	own, states := p.OwnResults(), p.OwnStates()
	for i := range own.Read() {
		own.Set(i, Result[int]{})
	}
	for i := range states.Read() {
		states.Set(i, Idle)
	}
	if got := p.Results(); !slices.Equal(got, results) {
		t.Fail("W13", "results of a closed pool after a caller changed its slice of them", results, got)
	}
	if _, _, stopped := p.states("after Close"); stopped != p.workers {
		t.Fail("W13", "Stopped workers of a closed pool after a caller changed its slice of states", p.workers, stopped)
	}
	if p.workers == 1 {
		for i := range pending {
			harness.Equal(t, "W13", "the value at its place among the results of one worker that was closed", i, results[1+i].Value)
		}
	}
}

// poolClosedByTasks closes one pool by a task of another one that closes, too.
func poolClosedByTasks(t *harness.T) {
	p, q := newPool(t, 1), newPool(t, 1)
	release := harness.NewLatch()
	if !p.hold(release, func(i int) (int, error) { q.Pool.Close(); return i, nil }) {
		return
	}
	t.Spawn(func(cl *harness.Client) {
		p.Pool.Close()
		checkClosed(t, p)
		cl.Step()
	})
	t.Linger()
	release.Open()
	p.Close()
	t.Step()
	checkClosed(t, q)
	p.quiet(1, 0)
}

// poolLifecycle makes and closes many pools, at rest and in use.
func poolLifecycle(t *harness.T) {
	if t.Rand.IntN(4) == 0 {
		poolClosedByTasks(t)
	}
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
