package stacks

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Snapshot is one look at a running scenario.
type Snapshot struct {
	Goroutines []Goroutine
	// Life grows as long as the scenario gets on; CPU is the processor time used by
	// then.
	Life uint64
	CPU  time.Duration
	// At is when the snapshot was taken, on any one clock.
	At time.Time
}

// Condition is what a series of snapshots proves.
type Condition int

// The conditions. Undecided is no proof of anything.
const (
	Undecided Condition = iota
	// Leaked: the runtime's leak profile found goroutines that nothing can
	// reach to wake them.
	Leaked
	// Blocked: every goroutine waits for another one of them.
	Blocked
	// Spinning: goroutines ran for a long time, in the same calls, and no
	// operation ended.
	Spinning
)

// Watch draws conclusions from snapshots of one run. It never concludes from
// the passing of time alone: a machine may be busy, and a process may not have
// been given a processor.
type Watch struct {
	// Timers: the judged code may wait for timers.
	Timers bool
	// SpinCPU is the processor time without an ended operation after which
	// goroutines that keep running are spinning.
	SpinCPU time.Duration
	// NoDumps leaves out what is concluded from dumps without the leak
	// profile, NoLeaks what the profile says.
	NoDumps bool
	NoLeaks bool

	// series holds the snapshots since an operation ended.
	series []Snapshot
}

const (
	// minSnapshots is the number of equal snapshots asked for: what they show
	// is already true of the first, taken with the world stopped; the second
	// guards against a misread dump.
	minSnapshots = 2
	// minOwn is the number of snapshots without an ended operation after which
	// leaked goroutines that a component started for itself hold the scenario
	// up; before, they may be a leak that the scenario's end will show.
	minOwn = 6
	// minPolls is the processor time within which a polling scenario has
	// surely looked again at what it waits for.
	minPolls = 20 * time.Millisecond
	// minSpins is the number of snapshots in which a goroutine must be seen
	// running.
	minSpins = 4
)

// Add takes one more snapshot into account and returns what is proved now, with
// the goroutines that prove it.
func (w *Watch) Add(s Snapshot) (Condition, []Goroutine) {
	if n := len(w.series); n > 0 && w.series[n-1].Life != s.Life {
		w.series = nil
	}
	w.series = append(w.series, s)
	if !w.NoLeaks {
		stuck := leaked(s.Goroutines)
		if len(w.series) >= minOwn || slices.ContainsFunc(stuck, Goroutine.client) {
			if len(stuck) > 0 {
				return Leaked, stuck
			}
		}
	}
	if !w.NoDumps {
		if stuck := w.blocked(); len(stuck) > 0 {
			return Blocked, stuck
		}
	}
	if busy := w.spinning(); len(busy) > 0 {
		return Spinning, busy
	}
	return Undecided, nil
}

// Idle reports for how long, by the snapshots, no operation has ended.
func (w *Watch) Idle() time.Duration {
	if len(w.series) == 0 {
		return 0
	}
	return w.series[len(w.series)-1].At.Sub(w.series[0].At)
}

// Last is the latest snapshot.
func (w *Watch) Last() (Snapshot, bool) {
	if len(w.series) == 0 {
		return Snapshot{}, false
	}
	return w.series[len(w.series)-1], true
}

func leaked(list []Goroutine) []Goroutine {
	var stuck []Goroutine
	for _, g := range list {
		if g.Leaked {
			stuck = append(stuck, g)
		}
	}
	return stuck
}

// client reports whether the goroutine was started by anybody but a component.
func (g Goroutine) client() bool {
	if g.CreatedBy == nil {
		return true
	}
	_, own := g.CreatedBy.Component()
	return !own
}

// blocked returns the parked goroutines if all are, in the same places as
// before. Scenario goroutines that poll may be among them: they wait for what
// only the parked ones could bring about.
func (w *Watch) blocked() []Goroutine {
	n := len(w.series)
	if n < minSnapshots {
		return nil
	}
	parked, polling := w.standstill(w.series[n-1])
	if parked == nil {
		return nil
	}
	first := w.series[0]
	if polling {
		if n < 2*minSnapshots || w.series[n-1].CPU-first.CPU < minPolls {
			return nil
		}
	} else {
		first = w.series[n-minSnapshots]
	}
	before, wasPolling := w.standstill(first)
	if before == nil || wasPolling != polling || !slices.Equal(places(before), places(parked)) {
		return nil
	}
	return parked
}

// standstill returns the parked goroutines if there are only parked and polling
// ones; nil otherwise.
func (w *Watch) standstill(s Snapshot) (parked []Goroutine, polling bool) {
	for _, g := range s.Goroutines {
		switch {
		case g.Polling():
			polling = true
		case g.Parked(w.Timers):
			parked = append(parked, g)
		default:
			return nil, false
		}
	}
	return parked, polling
}

func places(list []Goroutine) []string {
	all := make([]string, len(list))
	for i, g := range list {
		all[i] = g.where()
	}
	slices.Sort(all)
	return all
}

// spinning returns the goroutines that were running judged code, in the same
// call of it, in every snapshot of a series over which much processor time was
// used.
func (w *Watch) spinning() []Goroutine {
	n := len(w.series)
	if n < minSpins || w.SpinCPU <= 0 || w.series[n-1].CPU-w.series[0].CPU < w.SpinCPU {
		return nil
	}
	var entries map[int]string
	for _, s := range w.series {
		now := make(map[int]string)
		for _, g := range s.Goroutines {
			if entry, ok := spinEntry(g); ok {
				now[g.ID] = entry
			}
		}
		if entries == nil {
			entries = now
		}
		maps.DeleteFunc(entries, func(id int, entry string) bool { return now[id] != entry })
	}
	var busy []Goroutine
	for _, g := range w.series[n-1].Goroutines {
		if _, ok := entries[g.ID]; ok {
			busy = append(busy, g)
		}
	}
	return busy
}

// spinEntry identifies the call by which a running goroutine came into judged
// code: the outermost such frame and the line that made the call.
func spinEntry(g Goroutine) (string, bool) {
	if !g.Running() || g.Polling() {
		return "", false
	}
	for i := len(g.Frames) - 1; i >= 0; i-- {
		if !g.Frames[i].Judged() {
			continue
		}
		entry := g.Frames[i].Function
		if i+1 < len(g.Frames) {
			entry += fmt.Sprintf(" from %s:%d", g.Frames[i+1].Function, g.Frames[i+1].Line)
		}
		return entry, true
	}
	return "", false
}
