package forpool

import (
	"errors"
	"fmt"

	"racebench/internal/scenarios/harness"
)

// pool is a pool that the execution closes at its end unless the scenario did.
type pool struct {
	Pool[int]
	t       *harness.T
	workers int
	closed  bool
}

func newPool(t *harness.T, workers int) *pool {
	p := &pool{Pool: newSubject[int](workers), t: t, workers: workers}
	t.AtEnd(func() {
		if !p.closed {
			p.Close()
		}
	})
	return p
}

// Close closes the pool, on the main goroutine.
func (p *pool) Close() {
	p.closed = true
	p.Pool.Close()
}

// submit submits a task to a pool that nobody closes.
func (p *pool) submit(task func() (int, error)) {
	if err := p.Submit(task); err != nil {
		p.t.Fail("W2", "Submit was refused although the pool is open", "<nil>", err)
	}
}

// check checks what holds in every snapshot.
func (p *pool) check(when string) Stats {
	s := p.Stats()
	checkPool(p.t, p.workers, when, s)
	return s
}

func checkPool(t *harness.T, workers int, when string, s Stats) {
	switch {
	case s.Workers != workers:
		t.Fail("W7", "Stats().Workers is not the number of workers "+when, workers, s.Workers)
	case s.Idle+s.Active+s.Stopped != s.Workers:
		t.Fail("W7", "Idle + Active + Stopped is not Workers "+when, s.Workers, fmt.Sprintf("%+v", s))
	case s.Idle < 0 || s.Active < 0 || s.Stopped < 0 || s.Pending < 0:
		t.Fail("W7", "a number in a snapshot is negative "+when, "none", fmt.Sprintf("%+v", s))
	case uint64(s.Pending)+uint64(s.Active)+s.Completed+s.Failed != s.Submitted:
		t.Fail("W7", "Pending + Active + Completed + Failed is not Submitted "+when, s.Submitted, fmt.Sprintf("%+v", s))
	}
}

// states counts the workers in each state.
func (p *pool) states(when string) (idle, busy, stopped int) {
	all := p.WorkerStates()
	for _, s := range all {
		switch s {
		case Idle:
			idle++
		case Busy:
			busy++
		case Stopped:
			stopped++
		default:
			p.t.Fail("W7", "WorkerStates has a state that does not exist "+when, "idle, busy or stopped", s)
		}
	}
	harness.Equal(p.t, "W7", "WorkerStates does not have one state per worker "+when, p.workers, len(all))
	return idle, busy, stopped
}

// quiet checks a pool in which nothing is pending or active and nothing will
// be.
func (p *pool) quiet(completed, failed int) {
	want := Stats{
		Workers: p.workers, Idle: p.workers,
		Submitted: uint64(completed + failed), Completed: uint64(completed), Failed: uint64(failed),
	}
	if p.closed {
		want.Idle, want.Stopped = 0, p.workers
	}
	got := p.Stats()
	harness.Total(p.t, "W4", "Completed and Failed of a pool at rest", completed+failed, int(got.Completed+got.Failed))
	harness.Equal(p.t, "W4", "the statistics of a pool at rest", want, got)
	idle, busy, stopped := p.states("at rest")
	harness.Equal(p.t, "W4", "idle, busy and stopped workers of a pool at rest",
		[3]int{want.Idle, 0, want.Stopped}, [3]int{idle, busy, stopped})
	harness.Equal(p.t, "W4", "Pending of a pool at rest", 0, p.Pending())
	harness.Equal(p.t, "W4", "number of results of a pool at rest", completed+failed, len(p.Results()))
}

// hold makes every worker busy with a task that waits until release is opened,
// then ends as end says. It returns false if the execution was given up.
func (p *pool) hold(release *harness.Latch, end func(i int) (int, error)) bool {
	return p.t.Await(p.submitHeld(release, end).All)
}

// submitHeld does the same without waiting, and returns where the tasks meet.
func (p *pool) submitHeld(release *harness.Latch, end func(i int) (int, error)) *harness.Meeting {
	in := harness.NewMeeting(p.workers)
	for i := range p.workers {
		p.submit(func() (int, error) {
			in.Arrive()
			p.t.Await(release)
			return end(i)
		})
	}
	return in
}

// gather submits one task per worker; they wait for each other.
func (p *pool) gather() *harness.Meeting {
	m := harness.NewMeeting(p.workers)
	for range p.workers {
		p.submit(func() (int, error) {
			m.Arrive()
			p.t.Await(m.All)
			return 0, nil
		})
	}
	return m
}

// inOrder checks that the task of index i of those in something, the nth that starts,
// starts in its turn: the earlier ones have left the queue, and all but one for each
// other worker have come as far as to be counted.
func (p *pool) inOrder(in string, i, n int) {
	if n <= i+1-p.workers {
		p.t.Fail("W3", fmt.Sprintf("tasks of %s that had started when the one of index %d did", in, i),
			fmt.Sprintf("at least %d, with %d workers", i+2-p.workers, p.workers), n)
	}
}

// crowd is few, or sometimes more than somebody is likely to have room for.
func crowd(t *harness.T, few int) int {
	if !t.Small() && t.Rand.IntN(6) == 0 {
		return 100
	}
	return few
}

// errTask is the error of failing tasks.
var errTask = errors.New("the task failed")

// value is the end of a task that returns its number.
func value(i int) (int, error) { return i, nil }
