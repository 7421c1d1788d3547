package scenarios

import (
	"racebench/internal/workerpool"
)

func poolScenarios() []Scenario {
	return []Scenario{
		{
			Name: "workerpool/once", Component: WorkerPool, Run: poolOnce,
			Doc:      "Several goroutines submit tasks; after Wait each has run exactly once and has left one result.",
			Contract: []string{"G1", "W3", "W4", "W7", "W10"},
		},
	}
}

// pool is a pool that the execution closes at its end unless the scenario did.
type pool[V any] struct {
	*workerpool.Pool[V]
	closed bool
}

func newPool[V any](t *T, workers int) *pool[V] {
	p := &pool[V]{Pool: workerpool.New[V](workers)}
	t.atEnd(func() {
		if !p.closed {
			p.Close()
		}
	})
	return p
}

// Close closes the pool, on the main goroutine.
func (p *pool[V]) Close() {
	p.closed = true
	p.Pool.Close()
}

func poolOnce(t *T) {
	p := newPool[int](t, 1+t.rng.IntN(4))
	n, each := t.clients(3), t.size(60, 3)
	// The counts are plain memory on purpose: a task that runs twice, or a Wait
	// that returns before it ended, is a data race on them, too.
	ran := make([]int, n*each)
	for id := range n {
		t.add(1, func(cl *Client) {
			for i := range each {
				task := id*each + i
				if err := p.Submit(func() (int, error) { ran[task]++; return task, nil }); err != nil {
					t.fail("W2", "Submit was refused although the pool is open", "<nil>", err)
				}
				cl.step()
			}
		})
	}
	t.run()
	p.Wait()
	seen := make([]int, len(ran))
	for _, r := range p.Results() {
		if r.Err != nil || r.Value < 0 || r.Value >= len(seen) {
			t.fail("W6", "a result is not what its task returned", "a task's number and <nil>", r)
			return
		}
		seen[r.Value]++
	}
	for task := range ran {
		total(t, "W3", "a task did not run exactly once", 1, ran[task])
		total(t, "W4", "a task did not leave exactly one result", 1, seen[task])
	}
	s := p.Stats()
	total(t, "W4", "Completed is not the number of tasks", uint64(len(ran)), s.Completed)
}
