package forpool

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"racebench/internal/scenarios/harness"
)

func poolOnce(t *harness.T) {
	p := newPool(t, 1+t.Rand.IntN(4))
	n, each := t.Clients(3), t.Size(50, 3)
	// The counts are plain memory on purpose: a task that runs twice, or a Wait
	// that returns before it ended, is a data race on them, too.
	ran := make([]int, n*each)
	for id := range n {
		t.Add(1, func(cl *harness.Client) {
			for i := range each {
				task := id*each + i
				p.submit(func() (int, error) { ran[task]++; return task, nil })
				cl.Step()
			}
		})
	}
	t.Run()
	p.Wait()
	if t.GaveUp() {
		return
	}
	seen := make([]int, len(ran))
	for _, r := range p.Results() {
		if r.Err != nil || r.Value < 0 || r.Value >= len(seen) {
			t.Fail("W6", "a result is not what its task returned", "a task's number and <nil>", r)
			return
		}
		seen[r.Value]++
	}
	for task := range ran {
		harness.Equal(t, "W3", "runs of one task", 1, ran[task])
		harness.Equal(t, "W4", "results of one task", 1, seen[task])
	}
	p.quiet(len(ran), 0)
	t.Linger() // workers stay, however long they are idle
	p.quiet(len(ran), 0)
	p.submit(func() (int, error) { return 0, nil })
	p.Wait()
	p.quiet(len(ran)+1, 0)
}

// poolOrder lets one worker alone be free, whatever their number, so that the
// queue is emptied by it.
func poolOrder(t *harness.T) {
	p := newPool(t, 1+t.Rand.IntN(3))
	// All workers are held by tasks of their own; one of them is let go.
	held := harness.NewMeeting(p.workers)
	others, one := harness.NewLatch(), harness.NewLatch()
	for i := range p.workers {
		release := others
		if i == 0 {
			release = one
		}
		p.submit(func() (int, error) {
			held.Arrive()
			t.Await(release)
			return -1 - i, nil
		})
	}
	if !t.Await(held.All) {
		return
	}
	n, each := t.Clients(1), t.Size(20, 3)
	done := harness.NewMeeting(n * each)
	var order []int // written by one worker at a time
	for id := range n {
		t.Add(1, func(cl *harness.Client) {
			for i := range each {
				task := id*each + i
				p.submit(func() (int, error) {
					order = append(order, task)
					done.Arrive()
					return task, nil
				})
				cl.Step()
			}
		})
	}
	t.Run()
	harness.Equal(t, "W4", "Pending while every worker is held", n*each, p.Pending())
	one.Open()
	if !t.Await(done.All) {
		return
	}
	others.Open()
	p.Wait()
	checkOrder(t, "W3", "one worker did not run tasks in the order of submission", order, n, each)
	var results []int
	for _, r := range p.Results() {
		if r.Value >= 0 {
			results = append(results, r.Value)
		}
	}
	harness.Equal(t, "W13", "results are not in the order in which the tasks ended", fmt.Sprint(order), fmt.Sprint(results))
}

// checkOrder checks that of each goroutine's tasks the earlier comes first.
func checkOrder(t *harness.T, contract, message string, order []int, n, each int) {
	if !harness.Equal(t, contract, "tasks that ran", n*each, len(order)) {
		return
	}
	next := make([]int, n)
	for _, task := range order {
		id := task / each
		if task%each != next[id] {
			t.Fail(contract, message, fmt.Sprintf("of each goroutine's %d tasks the earlier first", each), order)
			return
		}
		next[id]++
	}
}

func poolSums(t *harness.T) {
	p := newPool(t, 1+t.Rand.IntN(3))
	n, each := t.Clients(2), t.Size(40, 2)
	t.Add(n, func(cl *harness.Client) {
		for i := range each {
			fails := cl.Rand.IntN(3) == 0
			look := cl.Rand.IntN(4) == 0
			p.submit(func() (int, error) {
				if look {
					s := p.check("in a task")
					if s.Active < 1 || s.Submitted < 1 {
						t.Fail("W4", "a task that runs is not part of Active", "at least 1", fmt.Sprintf("%+v", s))
					}
					if _, busy, _ := p.states("in a task"); busy < 1 {
						t.Fail("W4", "no worker is Busy while a task runs", "at least 1", busy)
					}
				}
				if fails {
					return i, errTask
				}
				return i, nil
			})
			cl.Step()
		}
	})
	t.Add(t.Size(2, 1), func(cl *harness.Client) {
		var last Stats
		for range each * 2 {
			s := p.check("while tasks run")
			if s.Submitted < last.Submitted || s.Completed < last.Completed || s.Failed < last.Failed {
				t.Fail("W7", "a later snapshot shows fewer tasks", fmt.Sprintf("%+v", last), fmt.Sprintf("%+v", s))
			}
			last = s
			cl.Step()
		}
	})
	if !t.Small() {
		t.Add(1, func(cl *harness.Client) {
			last := 0
			for range each {
				p.states("while tasks run")
				// A task is counted and leaves its result in one step.
				before := len(p.Results())
				s := p.Stats()
				counted := int(s.Completed + s.Failed)
				after := len(p.Results())
				if before < last || counted < before || after < counted {
					t.Fail("W4", "results, counted tasks, results, one after the other, while none is dropped",
						"none is less than the one before", [4]int{last, before, counted, after})
				}
				last = after
				cl.Step()
			}
		})
		t.Add(1, func(cl *harness.Client) {
			for range each {
				if got := p.Pending(); got < 0 || got > n*each {
					t.Fail("W7", "Pending is impossible", fmt.Sprintf("0 to %d", n*each), got)
				}
				cl.Step()
			}
		})
	}
	t.Run()
	p.Wait()
	s := p.check("at rest")
	p.quiet(int(s.Completed), int(s.Failed))
	harness.Total(t, "W3", "tasks that were counted", uint64(n*each), s.Submitted)
}

// poolFails runs tasks that return errors and tasks that panic, more of them
// than there are workers.
func poolFails(t *harness.T) {
	p := newPool(t, 1+t.Rand.IntN(3))
	n, each := t.Clients(2), t.Size(12, 3)
	boom := errors.New("boom")
	for id := range n {
		t.Add(1, func(cl *harness.Client) {
			for i := range each {
				task := id*each + i
				p.submit(func() (int, error) {
					switch task % 4 {
					case 0:
						return task, errTask
					case 1:
						panic(task)
					case 2:
						panic(boom)
					default:
						return task, nil
					}
				})
				cl.Step()
			}
		})
	}
	t.Run()
	p.Wait()
	if t.GaveUp() {
		return
	}
	var want, got [4]int
	panicked := map[int]bool{}
	for task := range n * each {
		want[task%4]++
	}
	for _, r := range p.Results() {
		pe := judged.Panicked(r.Err)
		switch {
		case r.Err == nil:
			got[3]++
			harness.Equal(t, "W6", "the value of a task that succeeds", 3, r.Value%4)
		case pe != nil:
			harness.Equal(t, "W6", "the value in the result of a task that panicked", 0, r.Value)
			if task, ok := pe.Value.(int); ok {
				got[1]++
				if panicked[task] || task%4 != 1 || task < 0 || task >= n*each {
					t.Fail("W6", "the result of a panic does not carry the panic's value", "each once", pe.Value)
				}
				panicked[task] = true
				if pe.Unwrapped != nil {
					t.Fail("W6", "PanicError unwraps what is not an error", "<nil>", pe.Unwrapped)
				}
				continue
			}
			got[2]++
			if pe.Value != any(boom) || !errors.Is(r.Err, boom) {
				t.Fail("W6", "the result of a panic with an error does not unwrap to it", boom, pe.Value)
			}
		default:
			got[0]++
			if r.Err != errTask || r.Value%4 != 0 {
				t.Fail("W6", "the result of a failing task is not what it returned", errTask, fmt.Sprintf("%+v", r))
			}
		}
	}
	// Everybody has the same errors, and reads their texts.
	t.Add(2, func(cl *harness.Client) {
		for _, r := range p.Results() {
			if r.Err != nil && r.Err.Error() == "" {
				t.Fail("W6", "the text of the error in a result", "a text", "none")
			}
			cl.Step()
		}
	})
	t.Run()
	harness.Equal(t, "W6", "results of tasks that failed, panicked, panicked with an error, succeeded", want, got)
	p.quiet(want[3], want[0]+want[1]+want[2])
	// All workers live on: as many tasks as workers can meet.
	meet(t, p)
	p.Wait()
}

// meet submits one task per worker and waits until all of them run.
func meet(t *harness.T, p *pool) { t.Await(p.gather().All) }

// poolRendezvous lets as many tasks as there are workers wait for each other,
// and checks that there are never more at once.
func poolRendezvous(t *harness.T) {
	workers := t.Workers(4)
	p := newPool(t, workers)
	harness.Equal(t, "W1", "the statistics of a new pool", Stats{Workers: workers, Idle: workers}, p.Stats())
	rounds := t.Size(6, 1)
	for round := range rounds {
		meet(t, p)
		if round%2 == 0 {
			p.Wait()
		}
		t.Step()
	}
	p.Wait()
	p.quiet(rounds*workers, 0)
	// Many tasks, none of which ends before all that run have been seen.
	release := harness.NewLatch()
	var running, most atomic.Int64
	in := harness.NewMeeting(workers)
	extra := t.Size(3, 1) * workers
	for range workers + extra {
		p.submit(func() (int, error) {
			now := running.Add(1)
			for {
				seen := most.Load()
				if now <= seen || most.CompareAndSwap(seen, now) {
					break
				}
			}
			in.Arrive()
			t.Await(release)
			running.Add(-1)
			return 0, nil
		})
	}
	if !t.Await(in.All) {
		return
	}
	t.Linger()
	s := p.check("while every worker is held")
	harness.Equal(t, "W4", "Active and Pending while every worker is held", [2]int{workers, extra}, [2]int{s.Active, s.Pending})
	_, busy, _ := p.states("while every worker is held")
	harness.Equal(t, "W4", "workers that are Busy while every one is held", workers, busy)
	release.Open()
	p.Wait()
	harness.Equal(t, "W5", "the most tasks that ran at once", int64(workers), most.Load())
	p.quiet(rounds*workers+workers+extra, 0)
	if t.GaveUp() {
		return
	}
	// A long queue of tasks of which as many as there are workers wait for each
	// other. They leave it in order, so that each meeting comes about, unless a
	// worker takes a task and does not begin with it.
	hold := harness.NewLatch()
	if !p.hold(hold, value) {
		return
	}
	meetings := t.Size(40, 2)
	for range meetings {
		m := harness.NewMeeting(workers)
		for range workers {
			p.submit(func() (int, error) {
				m.Arrive()
				t.Await(m.All)
				return 0, nil
			})
		}
	}
	hold.Open()
	p.Wait()
	t.Step()
	p.quiet((rounds+2+meetings)*workers+extra, 0)
}

// poolFromTasks calls every method that a task may call, and lets tasks submit
// tasks.
func poolFromTasks(t *harness.T) {
	p := newPool(t, 1+t.Rand.IntN(3))
	depth := t.Size(5, 2)
	ran := make([]int, 1<<(depth+1))
	var grow func(node int) func() (int, error)
	grow = func(node int) func() (int, error) {
		return func() (int, error) {
			ran[node]++
			if 2*node+1 < len(ran) {
				p.submit(grow(2 * node))
				p.submit(grow(2*node + 1))
			}
			switch node % 4 {
			case 0:
				p.Pending()
			case 1:
				p.Results()
			case 2:
				p.states("in a task")
			default:
				p.check("in a task")
			}
			return node, nil
		}
	}
	p.submit(grow(1))
	if t.Rand.IntN(2) == 0 {
		t.Add(t.Clients(2), func(cl *harness.Client) { p.Wait(); cl.Step() })
		t.Run()
	}
	// A task submits while it is active, so the pool is never at rest before
	// the last one has ended.
	p.Wait()
	for node := 1; node < len(ran); node++ {
		harness.Equal(t, "W10", "runs of a task that another task submitted, when Wait had returned", 1, ran[node])
	}
	p.quiet(len(ran)-1, 0)
	t.Step()
	if t.GaveUp() {
		return
	}

	// Reset from inside: the task itself is forgotten, too.
	p.submit(func() (int, error) {
		p.Reset()
		s := p.check("in a task after its Reset")
		harness.Equal(t, "W12", "Submitted, Active, Completed after a task's own Reset",
			[3]int{1, 1, 0}, [3]int{int(s.Submitted), s.Active, int(s.Completed)})
		p.submit(func() (int, error) { return 77, nil })
		return 0, errTask
	})
	p.Wait()
	p.quiet(1, 0)
	if r := p.Results(); len(r) == 1 && r[0].Value != 77 {
		t.Fail("W12", "the result after a task's own Reset", 77, r[0].Value)
	}
}

// poolHandover runs a chain of tasks each of which ends when the next one has
// started, so that from the first to the last at least one worker is Busy. In a large
// pool all but two are busy with something else, so that the two are far apart.
func poolHandover(t *harness.T) {
	workers := 2 + t.Rand.IntN(3)
	if !t.Small() && t.Rand.IntN(4) == 0 {
		// Their states may not fit into one word. The race detector has room for some
		// 8000 goroutines, of which a worker may need several.
		workers = []int{harness.LargePool, harness.HugePool, t.Size(harness.VastPool, harness.VastPool)}[t.Rand.IntN(3)]
	}
	p := newPool(t, workers)
	held := 0
	release := harness.NewLatch()
	if workers >= harness.LargePool {
		held = workers - 2
		if !holdAllBut(t, p, 2, release) {
			return
		}
	}
	length := t.Size(80, 3)
	if held > 0 {
		length *= 10 // a look takes longer, too
		t.Disturb()
	}
	begun := harness.NewLatch()
	var ending atomic.Bool
	var link func(i int) func() (int, error)
	link = func(i int) func() (int, error) {
		started := begun
		if i > 0 {
			started = harness.NewLatch()
		}
		return func() (int, error) {
			started.Open()
			if i == length {
				ending.Store(true)
				return i, nil
			}
			next := harness.NewLatch()
			rest := link(i + 1)
			p.submit(func() (int, error) { next.Open(); return rest() })
			t.Await(next)
			return i, nil
		}
	}
	looks := t.Size(400, 3)
	look := func(busy func() int, what string) {
		t.Add(1, func(cl *harness.Client) {
			if !t.Await(begun) {
				return
			}
			for i := range looks {
				if held > 0 && i%20 == 0 {
					cl.Disturb()
				}
				n := busy()
				if ending.Load() {
					return // the last one may have ended before the look
				}
				if n < held+1 {
					t.Fail("W7", what+" mixes moments: tasks hand over to each other, and none ends before the next one has started",
						fmt.Sprintf("at least %d Busy", held+1), n)
				}
				cl.Step()
			}
		})
	}
	for range t.Clients(1) {
		look(func() int { _, busy, _ := p.states("in a chain of tasks"); return busy }, "WorkerStates")
	}
	look(func() int { return p.check("in a chain of tasks").Active }, "Stats")
	t.Add(1, func(cl *harness.Client) { p.submit(link(0)); cl.Step() })
	t.Run()
	release.Open()
	p.Wait()
	if t.GaveUp() {
		return
	}
	tasks := length + 1
	if held > 0 {
		tasks += workers
	}
	p.quiet(tasks, 0)
}

// holdAllBut makes all workers busy until release is opened, and then lets some of
// them go, whichever chance picks.
func holdAllBut(t *harness.T, p *pool, free int, release *harness.Latch) bool {
	let := harness.NewLatch()
	in := harness.NewMeeting(p.workers)
	for _, i := range t.Rand.Perm(p.workers) {
		p.submit(func() (int, error) {
			in.Arrive()
			if i < free {
				t.Await(let)
			} else {
				t.Await(release)
			}
			return i, nil
		})
	}
	if !t.Await(in.All) {
		return false
	}
	let.Open()
	return t.Until(func() bool { return p.Stats().Active == p.workers-free })
}

// poolBurst submits far more tasks than any buffer is likely to hold while
// every worker is held.
func poolBurst(t *harness.T) {
	before := runtime.NumGoroutine()
	p := newPool(t, 1+t.Rand.IntN(3))
	burst := 8
	if !t.Small() {
		burst = []int{40, 300, 1500, 12000}[harness.Pick(t.Rand, 50, 30, 15, 5)]
	}
	release := harness.NewLatch()
	fromTask := t.Rand.IntN(2) == 0
	ran := make([]uint8, burst)
	var started atomic.Int64
	submit := func() {
		for i := range burst {
			p.submit(func() (int, error) {
				p.inOrder("a burst", i, int(started.Add(1)))
				ran[i]++
				return i, nil
			})
			if i%64 == 0 {
				t.Step()
			}
		}
	}
	if !fromTask {
		if !p.hold(release, value) {
			return
		}
		submit()
		harness.Equal(t, "W2", "Pending after a burst while every worker is held", burst, p.Pending())
		// What waits is a task, not a goroutine.
		const few = 150
		if extra := harness.GoroutinesBeyond(before+p.workers, few); extra > few {
			t.Fail("W5", "goroutines beside the workers while tasks are pending", "a fixed number", extra)
		}
		release.Open()
		checkDrain(t, p, burst)
	} else {
		p.submit(func() (int, error) { submit(); return 0, nil })
	}
	p.Wait()
	if t.GaveUp() {
		return
	}
	for i := range ran {
		harness.Equal(t, "W2", fmt.Sprintf("runs of a task out of a burst of %d", burst), 1, ran[i])
	}
	s := p.Stats()
	want := uint64(burst + p.workers)
	if fromTask {
		want = uint64(burst + 1)
	}
	harness.Total(t, "W2", "tasks that were counted after a burst", want, s.Completed)
	results := p.Results()
	harness.Total(t, "W4", "results after a burst", int(want), len(results))
	for _, r := range results {
		if r.Err != nil || r.Value < 0 || r.Value >= burst {
			t.Fail("W6", "a result after a burst", "what a task returned", fmt.Sprintf("%+v", r))
			return
		}
		ran[r.Value] = 0
	}
	for i := range ran {
		harness.Total(t, "W4", fmt.Sprintf("tasks of a burst of %d that left no result", burst), 0, int(ran[i]))
	}
	if !t.Small() && t.Rand.IntN(6) == 0 {
		burstPastStragglers(t)
	}
}

// burstPastStragglers holds a worker up at one statement after the other, while the
// others end more tasks than there may be room for where it is.
func burstPastStragglers(t *harness.T) {
	const burst, rounds = 700, 4
	for range rounds {
		p := newPool(t, 2)
		release := harness.NewLatch()
		if !p.hold(release, value) {
			return
		}
		for i := range burst {
			p.submit(func() (int, error) { return i, nil })
		}
		t.Stragglers()
		release.Open()
		p.Wait()
		want := uint64(burst + p.workers)
		harness.Total(t, "W4", "tasks that were counted after a burst that went on while a worker was held up", want, p.Stats().Completed)
		harness.Total(t, "W4", "results after a burst that went on while a worker was held up", int(want), len(p.Results()))
		t.Step()
	}
}

// checkDrain looks at a queue that nobody submits to any more, by one method
// after the other: what one of them has seen leave it the next one sees no more.
func checkDrain(t *harness.T, p *pool, pending int) {
	for look := 0; look < t.Size(300, 4) && pending > 0; look++ {
		method, n := "Stats", 0
		if look%2 == 0 {
			n = p.Stats().Pending
		} else {
			method, n = "Pending", p.Pending()
		}
		if n > pending {
			t.Fail("W8", method+" shows more pending tasks than another method before it, though nothing is submitted",
				fmt.Sprintf("at most %d", pending), n)
			return
		}
		pending = n
		t.Step()
	}
}
