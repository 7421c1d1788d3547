package forpool

import (
	"fmt"
	"time"

	"racebench/internal/noise"
	"racebench/internal/scenarios/harness"
)

// Probes returns the probes for over-locking of a worker pool.
func Probes() []harness.Scenario {
	return []harness.Scenario{
		{
			Name: "probe/tasks-together", Component: harness.WorkerPool, Run: probeTasks, Calm: true,
			Doc:      "As many tasks as there are workers, and fewer, wait for each other.",
			Contract: []string{"L1"},
		},
		{
			Name: "probe/pool-instances", Component: harness.WorkerPool, Run: probePools, Calm: true,
			Doc: "All workers of one pool are held in tasks while another pool is made, used and closed; then goroutines look at a pool of " +
				"their own each, and none may ever wait for a lock that the others have.",
			Contract: []string{"L3"},
		},
		{
			Name: "probe/pool-rest", Component: harness.WorkerPool, Run: probeRest, Calm: true,
			Doc:      "A pool with nothing to do executes nothing: its idle workers leave the processors to others.",
			Contract: []string{"W1"},
		},
		{
			Name: "probe/pool-size", Component: harness.WorkerPool, Run: probePoolSize, Calm: true,
			Doc:      "A call allocates and executes as much with many tasks pending and many results as with few.",
			Contract: []string{"L4"},
		},
	}
}

func probeTasks(t *harness.T) {
	for workers := 1; workers <= 5; workers++ {
		p := newPool(t, workers)
		for range 3 {
			meet(t, p)
			p.Wait()
			t.Step()
		}
		p.Close()
	}
}

func probePools(t *harness.T) {
	held := newPool(t, 2)
	release := harness.NewLatch()
	if !held.hold(release, value) {
		return
	}
	other := newPool(t, 2)
	for range 3 {
		meet(t, other)
		other.Wait()
		other.Stats()
		other.WorkerStates()
		other.Pending()
		other.Results()
		other.Reset()
		t.Step()
	}
	other.Close()
	release.Open()
	held.Wait()

	// With every worker held, one goroutine alone uses a pool.
	hold := harness.NewLatch()
	t.Uncontended("internal/workerpool.", func() func(*harness.Client) {
		p := newPool(t, 2)
		p.hold(hold, value)
		return func(cl *harness.Client) {
			for i := range 2000 {
				p.Stats()
				p.Pending()
				if i%4 == 0 {
					p.submit(func() (int, error) { return 0, nil })
				}
				if i%8 == 0 {
					p.WorkerStates()
					p.Results()
				}
			}
			cl.Step()
		}
	})
	hold.Open()
}

// restless is more than workers execute on their way to rest, whatever their
// design; a worker that spins gets there in milliseconds.
const restless = 20_000

// probeRest counts what a pool executes that nobody uses. Either that ends, or
// the count passes every bound: no clock decides. A worker that sleeps between
// two looks does neither, and is let go.
func probeRest(t *harness.T) {
	p := newPool(t, 3)
	for i := range 6 {
		p.submit(func() (int, error) { return i, nil })
	}
	p.Wait()
	t.Step()
	noise.Set(t.Rand.Uint64(), noise.Sparse) // counts only while it is on
	defer noise.Set(0, noise.Off)
	for quiet, rounds := 0, 0; quiet < 3 && rounds < 100; rounds++ {
		before := noise.Points()
		time.Sleep(time.Millisecond)
		executed := noise.Points()
		if executed > restless {
			t.OverLocked("W1", "idle workers execute code all the time", "nothing is executed while there is nothing to do",
				fmt.Sprintf("more than %d statements", restless))
			return
		}
		if quiet++; executed != before {
			quiet = 0
		}
	}
}

func probePoolSize(t *harness.T) {
	type method struct {
		name string
		call func(p *pool)
	}
	task := func() (int, error) { return 0, nil }
	methods := []method{
		{"Stats", func(p *pool) { p.Stats() }},
		{"WorkerStates", func(p *pool) { p.WorkerStates() }},
		{"Pending", func(p *pool) { p.Pending() }},
		{"Submit", func(p *pool) { p.submit(task) }},
	}
	release := harness.NewLatch()
	fill := func(n int) *pool {
		p := newPool(t, 2)
		for range n { // results
			p.submit(task)
		}
		p.Wait()
		if p.hold(release, value) {
			for range n { // and a queue
				p.submit(task)
			}
		}
		return p
	}
	small, large := fill(harness.Few), fill(harness.Many)
	for _, m := range methods {
		t.SameCost("Pool."+m.name,
			harness.CostOf(func(int) { m.call(small) }),
			harness.CostOf(func(int) { m.call(large) }))
	}
	release.Open()
	small.Wait()
	large.Wait()
}
