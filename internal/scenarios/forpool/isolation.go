package forpool

import (
	"slices"

	"racebench/internal/scenarios/harness"
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
			own := p.OwnResults()
			for i, r := range own.Read() {
				if r.Value < 1 || r.Value > each || r.Err != nil {
					t.Fail("W13", "what a caller wrote into its slice of results is seen by others", "results of tasks", r)
					return
				}
				own.Set(i, Result[int]{Value: -1, Err: errTask})
			}
			own.Append(Result[int]{Value: -2, Err: errTask})
			states := p.OwnStates()
			for i, s := range states.Read() {
				if s != Idle && s != Busy {
					t.Fail("W13", "a pool that is not closed shows a worker that is neither idle nor busy, such as callers write into their slices", "idle or busy", s)
					return
				}
				states.Set(i, Stopped)
			}
			states.Append(Stopped)
			cl.Step()
		}
	})
	t.Run()
	p.Wait()
	if t.GaveUp() {
		return
	}
	checkValues := func(when string, from, n int) {
		seen := map[int]int{}
		for _, one := range p.Results() {
			seen[one.Value]++
		}
		for i := range n {
			harness.Total(t, "W13", when, 1, seen[from+i])
		}
	}
	checkValues("results of one task after callers changed their slices", 1, each)
	kept := p.OwnResults()
	copied := kept.Read()
	// Neither what a caller appends nor a Reset reaches across.
	kept.Append(Result[int]{Value: -3})
	p.submit(func() (int, error) { return each + 1, nil })
	p.Wait()
	checkValues("results of one task after a caller appended to its slice", 1, each+1)
	p.Reset()
	for i := range each {
		p.submit(func() (int, error) { return 1000 + i, nil })
	}
	p.Wait()
	checkValues("results of one task after Reset", 1000, each)
	if now := kept.Read(); !slices.Equal(now, copied) {
		t.Fail("W13", "a caller's slice of results changed after a Reset", copied, now)
	}
}
