package forpool

import (
	"slices"

	"racebench/internal/scenarios/harness"
	"racebench/internal/workerpool"
)

// poolIsolation writes into the slices that methods returned.
func poolIsolation(t *harness.T) {
	p := newPool(t, 2)
	each := t.Size(30, 4)
	t.Add(1, func(cl *harness.Client) {
		for i := range each {
			p.submit(func() (int, error) { return i + 1, nil })
			cl.Step()
		}
	})
	t.Add(t.Clients(2), func(cl *harness.Client) {
		for range each {
			r := p.Results()
			for i := range r {
				if r[i].Value < 1 || r[i].Value > each || r[i].Err != nil {
					t.Fail("W13", "what a caller wrote into its slice of results is seen by others", "results of tasks", r[i])
					return
				}
				r[i] = workerpool.Result[int]{Value: -1, Err: errTask}
			}
			_ = append(r, workerpool.Result[int]{Value: -2, Err: errTask})
			states := p.WorkerStates()
			for i := range states {
				if states[i] != workerpool.Idle && states[i] != workerpool.Busy {
					t.Fail("W13", "a pool that is not closed shows a worker that is neither idle nor busy, such as callers write into their slices", "idle or busy", states[i])
					return
				}
				states[i] = workerpool.Stopped
			}
			_ = append(states, workerpool.Stopped)
			cl.Step()
		}
	})
	t.Run()
	p.Wait()
	if t.GaveUp() {
		return
	}
	checkValues := func(when string, from, n int) []workerpool.Result[int] {
		r := p.Results()
		seen := map[int]int{}
		for _, one := range r {
			seen[one.Value]++
		}
		for i := range n {
			harness.Total(t, "W13", when, 1, seen[from+i])
		}
		return r
	}
	checkValues("results of one task after callers changed their slices", 1, each)
	kept := p.Results()
	copied := slices.Clone(kept)
	// Neither what a caller appends nor a Reset reaches across.
	_ = append(kept, workerpool.Result[int]{Value: -3})
	p.submit(func() (int, error) { return each + 1, nil })
	p.Wait()
	checkValues("results of one task after a caller appended to its slice", 1, each+1)
	p.Reset()
	for i := range each {
		p.submit(func() (int, error) { return 1000 + i, nil })
	}
	p.Wait()
	checkValues("results of one task after Reset", 1000, each)
	if !slices.Equal(kept, copied) {
		t.Fail("W13", "a caller's slice of results changed after a Reset", copied, kept)
	}
}
