package forpool

import (
	"fmt"
	"strings"
	"sync/atomic"

	"racebench/internal/scenarios/harness"
)

// phases is a set of the phases that a task goes through, one after the other.
type phases uint8

const (
	pending phases = 1 << iota
	running
	ended
)

// from is a set of all phases from the earliest of p on.
func (p phases) from() phases {
	return (pending | running | ended) &^ (p&-p - 1)
}

func (p phases) String() string {
	var names []string
	for i, name := range []string{"pending", "running", "ended"} {
		if p&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}

// looks are the ways to see in which phase the only task of a pool with one
// worker can be.
var looks = []struct {
	method string
	see    func(p *pool) phases
}{
	{"Pending", func(p *pool) phases {
		if p.Pending() > 0 {
			return pending
		}
		return running | ended
	}},
	{"WorkerStates", func(p *pool) phases {
		if _, busy, _ := p.states("while one task comes and goes"); busy > 0 {
			return running
		}
		return pending | ended
	}},
	{"Results", func(p *pool) phases {
		if len(p.Results()) > 0 {
			return ended
		}
		return pending | running
	}},
	{"Stats", func(p *pool) phases {
		switch s := p.check("while one task comes and goes"); {
		case s.Pending > 0:
			return pending
		case s.Active > 0:
			return running
		case s.Completed+s.Failed > 0:
			return ended
		}
		p.t.Fail("W4", "in a snapshot a task that was submitted is neither pending nor active nor ended", 1, 0)
		return pending | running | ended
	}},
}

// poolPhases watches the only task of a pool by one method after the other.
// Starting and ending it are one step each, so no method shows a phase that
// another one has shown to be over.
func poolPhases(t *harness.T) {
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
		t.Add(min(t.Clients(2), 4), func(cl *harness.Client) {
			order := cl.Rand.Perm(len(looks))
			if cl.Rand.IntN(4) > 0 {
				// Two that share a lock, with no third one between that waits for another.
				order = order[:2]
			}
			can, last := pending|running|ended, "Submit"
			since := &submitted
			if cl.Rand.IntN(2) == 0 {
				can, last, since = running|ended, "the task itself", &inside
			}
			if !t.Until(since.Load) {
				return
			}
			// When it is over, each of the others is asked once more.
			for i, rest := 0, len(order); i < t.Size(200, 10) && rest > 0; i++ {
				look := looks[order[i%len(order)]]
				seen := look.see(p)
				if seen&can == 0 {
					t.Fail("W4", "two methods disagree about a task: starting and ending it are not one step",
						fmt.Sprintf("%s after what %s has shown", can, last), fmt.Sprintf("%s, says %s", seen, look.method))
					return
				}
				if later := (seen & can).from(); later != can {
					can, last = later, look.method
				}
				if can == ended {
					rest--
				}
				cl.Step()
			}
		})
		t.Run()
		if t.GaveUp() {
			return
		}
		p.Close()
	}
}
