package forpool

import (
	"errors"
	"runtime"

	"racebench/internal/model"
	"racebench/internal/protocol"
	"racebench/internal/scenarios/harness"
)

// taskError is the error of a task, with the number that the model uses.
type taskError struct{ number int64 }

func (taskError) Error() string { return "the task failed" }

// taskRun is what a task saw of itself. It is written by the task, and read by
// the main goroutine after Wait.
type taskRun struct {
	id, err         int64
	client          int
	submitted       int64 // when Submit was called
	started, ending int64 // the first and the last instant inside the task
	ran             bool
}

// poolClient records what one client does with a pool.
type poolClient struct {
	*harness.Client
	pool *pool
	runs []*taskRun
}

// enlist adds a client of a pool to the next run.
func enlist(t *harness.T, p *pool, act func(*poolClient)) *poolClient {
	c := &poolClient{pool: p}
	t.Add(1, func(cl *harness.Client) {
		c.Client = cl
		act(c)
	})
	return c
}

// submit submits a task that returns its number, or fails with the number err.
func (c *poolClient) submit(id, err int64) {
	lingers := c.Rand.IntN(2) == 0
	c.submitDoing(id, err, func() {
		if lingers {
			runtime.Gosched()
		}
	})
}

// submitDoing is submit of a task that does something before it ends.
func (c *poolClient) submitDoing(id, err int64, do func()) {
	called := c.Now()
	r := &taskRun{id: id, err: err, client: c.ID, submitted: called}
	now := c.Now
	got := c.pool.Submit(func() (int, error) {
		r.started = now()
		r.ran = true
		do()
		defer func() { r.ending = now() }()
		switch err {
		case 0:
			return int(id), nil
		case model.ErrPanic:
			panic(id)
		default:
			return int(id), taskError{err}
		}
	})
	c.Record(called, model.PoolSubmit, []int64{id}, []int64{harness.Bit(got == nil)})
	if got == nil {
		c.runs = append(c.runs, r)
	}
}

// What look looks at, or does.
const (
	lookPending = iota
	lookResults
	lookStates
	lookReset
	lookWait
	lookStats
)

func (c *poolClient) look(op int) {
	called := c.Now()
	switch op {
	case lookPending:
		n := c.pool.Pending()
		c.Record(called, model.PoolPending, nil, []int64{int64(n)})
	case lookResults:
		c.Record(called, model.PoolResults, nil, poolResults(c.pool.Results()))
	case lookStates:
		idle, busy, stopped := c.pool.states("")
		c.Record(called, model.PoolStates, nil, []int64{int64(idle), int64(busy), int64(stopped)})
	case lookReset:
		c.pool.Reset()
		c.Record(called, model.PoolReset, nil, nil)
	case lookWait:
		c.pool.Wait()
		c.Record(called, model.PoolWait, nil, nil)
	default:
		c.Record(called, model.PoolStats, nil, poolStats(c.pool.Stats()))
	}
}

func poolResults(results []Result[int]) []int64 {
	out := make([]int64, 0, 2*len(results))
	for _, r := range results {
		var number int64
		var failed taskError
		switch {
		case r.Err == nil:
		case errors.As(r.Err, &failed):
			number = failed.number
		case judged.Panicked(r.Err) != nil:
			number = model.ErrPanic
		default:
			number = 1 << 40 // an error that no task returned
		}
		out = append(out, int64(r.Value), number)
	}
	return out
}

func poolStats(s Stats) []int64 {
	return []int64{
		int64(s.Workers), int64(s.Idle), int64(s.Active), int64(s.Stopped), int64(s.Pending),
		int64(s.Submitted), int64(s.Completed), int64(s.Failed),
	}
}

// steps makes the two steps of each task that ran: it starts between the call
// of Submit and the first instant inside it, and ends between the last instant
// inside it and rest, when the pool was seen at rest.
func (c *poolClient) steps(rest int64) []protocol.Operation {
	var ops []protocol.Operation
	for _, r := range c.runs {
		if !r.ran {
			continue // dropped by a Reset
		}
		out := r.id
		if r.err == model.ErrPanic {
			out = 0
		}
		ops = append(ops,
			protocol.Operation{
				Client: r.client, Call: r.submitted, Return: r.started, Name: model.PoolStart, In: []int64{r.id},
			},
			protocol.Operation{
				Client: r.client, Call: r.ending, Return: max(rest, r.ending), Name: model.PoolEnd, In: []int64{r.id, out, r.err},
			})
	}
	return ops
}

// conclude waits until a pool is at rest, looks at it once more, hands the
// history in with the steps of the crew's tasks, and closes the pool.
func conclude(main *poolClient, crew []*poolClient) {
	p := main.pool
	p.Wait()
	rest := main.Now()
	var steps []protocol.Operation
	for _, c := range crew {
		steps = append(steps, c.steps(rest)...)
	}
	main.look(lookResults)
	main.look(lookStats)
	p.t.History(model.WorkerPool, []int64{int64(p.workers)}, steps...)
	p.Close()
}

// poolHistories records small histories, each of a pool of its own.
func poolHistories(t *harness.T) {
	for range t.Size(4, 1) {
		p := newPool(t, 1+t.Rand.IntN(2))
		resets := t.Rand.IntN(2) == 0
		var crew []*poolClient
		for id := range min(t.Clients(2), 3) {
			crew = append(crew, enlist(t, p, func(me *poolClient) {
				only := me.Rand.IntN(14)
				if id == 0 {
					only = 14 // somebody has to submit
				}
				for i := range t.Size(6, 3) {
					task := int64(id*100 + i + 1)
					op := me.Rand.IntN(12)
					if only <= lookStats {
						op = only
					}
					if op == lookReset && !resets {
						op = lookStats
					}
					switch {
					case op <= lookStats:
						me.look(op)
					case op == lookStats+1:
						me.submit(task, model.ErrPanic)
					case op == lookStats+2:
						me.submit(task, task)
					default:
						me.submit(task, 0)
					}
				}
			}))
		}
		t.Run()
		conclude(&poolClient{Client: t.Client, pool: p}, crew)
	}
}

// poolEncounters lets two or three calls, and the ends of tasks that are held,
// meet in a pool of which it is known what runs and what is pending, and looks at
// everything that is left.
func poolEncounters(t *harness.T) {
	for range t.Size(8, 1) {
		if !poolEncounter(t) {
			return
		}
	}
}

func poolEncounter(t *harness.T) bool {
	p := newPool(t, 1+t.Rand.IntN(2))
	main := &poolClient{Client: t.Client, pool: p}
	if t.Rand.IntN(2) == 0 {
		main.submit(1, 0)
		main.look(lookWait)
	}
	held := 1 + t.Rand.IntN(p.workers)
	in := harness.NewMeeting(held)
	var release []*harness.Latch
	for i := range held {
		task, over := int64(10+i), harness.NewLatch()
		release = append(release, over)
		main.submitDoing(task, task*int64(t.Rand.IntN(2)), func() {
			in.Arrive()
			t.Await(over)
		})
	}
	if !t.Await(in.All) {
		return false
	}
	if held == p.workers { // or they would not stay pending
		for i := range t.Rand.IntN(3) {
			main.submit(int64(20+i), 0)
		}
	}
	crew := []*poolClient{main}
	for id := range 2 + t.Rand.IntN(2) {
		crew = append(crew, enlist(t, p, func(me *poolClient) {
			for i := range 1 + me.Rand.IntN(2) {
				switch me.Rand.IntN(10) {
				case 0, 1:
					me.look(lookReset)
				case 2, 3, 4:
					release[me.Rand.IntN(held)].Open()
				case 5, 6:
					me.submit(int64(100*(id+1)+i), 0)
				default:
					me.look([]int{lookPending, lookResults, lookStates, lookStats}[me.Rand.IntN(4)])
				}
			}
		}))
	}
	t.Run()
	for _, op := range []int{lookStats, lookResults, lookStates, lookPending} {
		main.look(op)
	}
	for _, l := range release {
		l.Open()
	}
	conclude(main, crew)
	return !t.GaveUp()
}
