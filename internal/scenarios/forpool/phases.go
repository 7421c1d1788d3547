package forpool

import (
	"fmt"
	"strings"
	"sync/atomic"

	"racebench/internal/scenarios/harness"
)

// phases is a set of the phases, one after the other, that something goes through:
// bit 0 is the first.
type phases uint8

// look is one way to see which phases something can be in.
type look struct {
	method string
	see    func() phases
}

// watcher looks at something by one method after the other, until it is in its
// last phase by all of them. None may show a phase that another one has shown to be
// over: each change is one step.
type watcher struct {
	t        *harness.T
	contract string
	message  string
	names    []string // of the phases
	looks    []look
}

// watch looks from when only the phases can are possible, as last has shown.
func (w *watcher) watch(cl *harness.Client, can phases, last string) {
	order := cl.Rand.Perm(len(w.looks))
	if cl.Rand.IntN(4) > 0 {
		// Two that share a lock, with no third one between that waits for another.
		order = order[:2]
	}
	final := phases(1) << (len(w.names) - 1)
	// When it is over, each of the others is asked once more.
	for i, rest := 0, len(order); i < w.t.Size(200, 10) && rest > 0; i++ {
		look := w.looks[order[i%len(order)]]
		seen := look.see()
		if seen&can == 0 {
			w.t.Fail(w.contract, w.message, fmt.Sprintf("%s, as %s has shown", w.say(can), last), fmt.Sprintf("%s, by %s", w.say(seen), look.method))
			return
		}
		// What may be now, or comes later.
		both := seen & can
		if later := w.all() &^ (both&-both - 1); later != can {
			can, last = later, look.method
		}
		if can == final {
			rest--
		}
		cl.Step()
	}
}

// all is the set of all phases.
func (w *watcher) all() phases { return 1<<len(w.names) - 1 }

func (w *watcher) say(p phases) string {
	var names []string
	for i, name := range w.names {
		if p&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}

// poolPhases watches the only task of a pool by one method after the other.
func poolPhases(t *harness.T) {
	const pending, running, ended phases = 1, 2, 4
	for range t.Size(10, 1) {
		p := newPool(t, 1)
		end := value
		if t.Rand.IntN(4) == 0 {
			end = func(int) (int, error) { return 0, errTask }
		}
		var submitted, inside atomic.Bool
		t.Add(1, func(cl *harness.Client) {
			p.submit(func() (int, error) {
				inside.Store(true)
				return end(1)
			})
			submitted.Store(true)
			cl.Step()
		})
		w := &watcher{
			t: t, contract: "W4", message: "two methods disagree about a task: starting and ending it are not one step",
			names: []string{"pending", "running", "ended"},
		}
		choose := func(condition bool, yes, no phases) phases {
			if condition {
				return yes
			}
			return no
		}
		w.looks = []look{
			{"Pending", func() phases { return choose(p.Pending() > 0, pending, running|ended) }},
			{"Results", func() phases { return choose(len(p.Results()) > 0, ended, pending|running) }},
			{"WorkerStates", func() phases {
				_, busy, _ := p.states("while one task comes and goes")
				return choose(busy > 0, running, pending|ended)
			}},
			{"Stats", func() phases {
				switch s := p.check("while one task comes and goes"); {
				case s.Pending > 0:
					return pending
				case s.Active > 0:
					return running
				case s.Completed+s.Failed > 0:
					return ended
				}
				t.Fail("W4", "in a snapshot a task that was submitted is neither pending nor active nor ended", 1, 0)
				return w.all()
			}},
		}
		t.Add(min(t.Clients(2), 4), func(cl *harness.Client) {
			can, last, since := w.all(), "Submit", &submitted
			if cl.Rand.IntN(2) == 0 {
				can, last, since = running|ended, "the task itself", &inside
			}
			if t.Until(since.Load) {
				w.watch(cl, can, last)
			}
		})
		t.Run()
		if t.GaveUp() {
			return
		}
		p.Close()
	}
}

// poolResetInStep watches a Reset by one method after the other, while every
// worker is held: what is pending, what has ended and what is counted goes at the
// same moment.
func poolResetInStep(t *harness.T) {
	const before, after phases = 1, 2
	for range t.Size(6, 1) {
		p := newPool(t, 1+t.Rand.IntN(2))
		results := 1 + t.Rand.IntN(2)
		if !t.Small() && t.Rand.IntN(8) == 0 {
			results = 2500 // who copies them in pieces needs several
		}
		for i := range results {
			p.submit(func() (int, error) { return value(i) })
		}
		p.Wait()
		release := harness.NewLatch()
		const forgotten = 5000 // from there on: results of tasks that run when the Reset comes
		if !p.hold(release, func(i int) (int, error) { return forgotten + i, nil }) {
			return
		}
		if !t.Small() && t.Rand.IntN(4) == 0 {
			t.Lockstep()
		}
		queued := 1 + t.Rand.IntN(3)
		for i := range queued {
			p.submit(func() (int, error) { return value(i) })
		}
		w := &watcher{
			t: t, contract: "W12 W8", message: "two methods disagree about a Reset: it is not one step",
			names: []string{"before the Reset", "after the Reset"},
		}
		tell := func(n, first int) phases {
			switch n {
			case first:
				return before
			case 0:
				return after
			}
			t.Fail("W12", "beside a Reset a method shows a part of what there was", fmt.Sprintf("%d or 0", first), n)
			return before | after
		}
		w.looks = []look{
			{"Pending", func() phases { return tell(p.Pending(), queued) }},
			{"Results", func() phases {
				all := p.Results()
				for _, r := range all {
					if r.Value >= forgotten {
						t.Fail("W12", "a task that was running at Reset left a result", "results of earlier tasks, or none", r.Value)
					}
				}
				return tell(len(all), results)
			}},
			{"Stats().Completed", func() phases { return tell(int(p.check("beside a Reset").Completed), results) }},
			{"Stats().Pending", func() phases { return tell(p.check("beside a Reset").Pending, queued) }},
		}
		atOnce := t.Rand.IntN(2) == 0
		t.Add(1, func(cl *harness.Client) {
			p.Reset()
			if atOnce {
				release.Open() // what ends now is forgotten
			}
			cl.Step()
		})
		t.Add(min(t.Clients(2), 4), func(cl *harness.Client) { w.watch(cl, w.all(), "the beginning") })
		t.Run()
		release.Open()
		if t.GaveUp() {
			return
		}
		p.Close()
	}
}
