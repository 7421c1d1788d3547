package forpool

import (
	"runtime"

	"racebench/internal/scenarios/harness"
)

// poolMemoryBusy keeps a pool from ever being at rest, or its queue from being
// empty: what has run is held no more all the same.
func poolMemoryBusy(t *harness.T) {
	const batch, batches = 8, 40
	p := newPool(t, 1)
	var all harness.Boulders
	hold := harness.NewLatch()
	if !p.hold(hold, value) {
		return
	}
	for range batches {
		for range batch {
			captured := all.Fresh()
			p.submit(func() (int, error) { return captured.ID, nil })
		}
		// The worker runs the batch, and is held again before it comes to what
		// will be pending then.
		in, next := harness.NewLatch(), harness.NewLatch()
		p.submit(func() (int, error) {
			in.Open()
			t.Await(next)
			return 0, nil
		})
		p.submit(func() (int, error) { return 0, nil })
		hold.Open()
		if !t.Await(in) {
			return
		}
		hold = next
		t.Step()
	}
	all.Released(t, len(all)/2, "while others are pending, tasks that have run")
	hold.Open()
	p.Wait()
}

// poolMemoryForgotten keeps a task running while what others leave is forgotten by
// one Reset after the other: it is held no more, although the task that goes on began
// before all of them.
func poolMemoryForgotten(t *harness.T) {
	const batch, batches = 8, 30
	p := newSubject[*harness.Boulder](2)
	t.AtEnd(p.Close)
	in, hold := harness.NewLatch(), harness.NewLatch()
	submit := func(task func() *harness.Boulder) {
		if err := p.Submit(func() (*harness.Boulder, error) { return task(), nil }); err != nil {
			t.Fail("W2", "Submit was refused although the pool is open", "<nil>", err)
		}
	}
	submit(func() *harness.Boulder { in.Open(); t.Await(hold); return nil })
	if !t.Await(in) {
		return
	}
	var all harness.Boulders
	for range batches {
		for range batch {
			result := all.Fresh()
			submit(func() *harness.Boulder { return result })
		}
		last := harness.NewLatch() // there is one worker for all of them
		submit(func() *harness.Boulder { last.Open(); return nil })
		if !t.Await(last) {
			return
		}
		p.Reset()
		t.Step()
	}
	all.Released(t, len(all)/2, "while a task is running that began before, results that Reset has forgotten")
	hold.Open()
	p.Wait()
}

// poolMemoryDropped resets a pool whose worker is held, so that nobody comes by what
// was dropped: it is held no more all the same.
func poolMemoryDropped(t *harness.T) {
	const batch, batches = 100, 50
	p := newPool(t, 1)
	hold := harness.NewLatch()
	if !p.hold(hold, value) {
		return
	}
	var all harness.Boulders
	for range batches {
		for range batch {
			captured := all.Fresh()
			p.submit(func() (int, error) { return captured.ID, nil })
		}
		p.Reset()
		t.Step()
	}
	// Who clears up what was dropped now and then may keep some.
	all.Released(t, len(all)/2, "while every worker is busy, tasks that Reset has dropped")
	hold.Open()
	p.Wait()
}

// poolMemoryPanics has every task of a pool panic, and Reset forget them.
func poolMemoryPanics(t *harness.T) {
	const batch, batches = 20, 20
	p := newPool(t, 1)
	var all harness.Boulders
	for range batches {
		for range batch {
			with := all.Fresh()
			p.submit(func() (int, error) { panic(with) })
		}
		p.Wait()
		p.Reset()
		t.Step()
	}
	all.Released(t, len(all)/2, "what tasks panicked with, and Reset has forgotten,")
	runtime.KeepAlive(p)
}

// poolMemoryRefused submits to a pool that is closed.
func poolMemoryRefused(t *harness.T) {
	p := newPool(t, 1)
	p.Close()
	var all harness.Boulders
	for range 400 {
		captured := all.Fresh()
		_ = p.Submit(func() (int, error) { return captured.ID, nil })
	}
	t.Step()
	all.Released(t, len(all)/2, "tasks that were refused")
	runtime.KeepAlive(p)
}

// poolMemory runs many tasks with big results, resets, and asks the garbage
// collector what is still referred to.
func poolMemory(t *harness.T) {
	const batch, batches = 40, 6
	p := newSubject[*harness.Boulder](2)
	t.AtEnd(p.Close)
	var all harness.Boulders
	for range batches {
		for range batch {
			result, captured := all.Fresh(), all.Fresh()
			err := p.Submit(func() (*harness.Boulder, error) {
				if captured.ID%5 == 4 {
					panic(captured)
				}
				captured.ID++
				return result, nil
			})
			if err != nil {
				t.Fail("W2", "Submit was refused although the pool is open", "<nil>", err)
			}
			t.Step()
		}
		p.Wait()
		harness.Total(t, "W4", "results of a batch", batch, len(p.Results()))
		p.Reset()
	}
	// A ring of the size of the longest queue may keep a batch.
	all.Released(t, len(all)/2, "tasks and results that the pool no longer holds")
	poolMemoryBusy(t)
	poolMemoryForgotten(t)
	// They take long, and need no luck.
	[]func(*harness.T){poolMemoryDropped, poolMemoryPanics, poolMemoryRefused}[t.Rand.IntN(3)](t)
	g := newPool(t, 1)
	harness.Grows(t, "Pool", func(i int) {
		g.submit(func() (int, error) {
			switch i % 4 {
			case 0:
				return 0, errTask
			case 1:
				g.Reset()
			}
			return 0, nil
		})
		if i%4 == 3 {
			g.Reset() // what is pending is dropped
		}
		if i%32 == 31 {
			g.Wait()
			g.Stats()
			g.WorkerStates()
			g.Reset()
		}
	})
	// At rest nothing clears up what a call leaves behind.
	harness.Grows(t, "Pool", func(int) {
		g.Wait()
		g.Stats()
		g.Pending()
		g.Results()
		g.WorkerStates()
	})
	var pools []func() bool
	for range harness.Copies {
		q := newSubject[int](1)
		_ = q.Submit(func() (int, error) { return 0, nil })
		q.Close()
		pools = append(pools, q.Reachable())
		t.Step()
	}
	harness.Forgotten(t, pools)
}
