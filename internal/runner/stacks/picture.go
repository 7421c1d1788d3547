package stacks

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"racebench/internal/result"
	"racebench/internal/runner/place"
)

// Picture says who waits where, for what, and who is likely to hold it.
// Sources are the judged files by their path relative to the candidate's
// folder, such as "cache/cache.go"; without them only the kind of the wait is
// known. Goroutines that wait in the same way are shown once.
//
// A dump does not say who holds a lock. The answer comes from the source: a
// goroutine inside a method that has taken the lock above the line where it
// waits now, and has not released it, is likely to hold it.
func Picture(list []Goroutine, text map[string][]byte) []result.Wait {
	src := newSources(text)
	holds := make([][]held, len(list))
	for i, g := range list {
		holds[i] = src.holds(g)
	}
	var waits []result.Wait
	for _, g := range list {
		w := result.Wait{
			Goroutine: g.name(), State: g.State, At: place.Positions(g.Frames), Count: 1,
		}
		if g.CreatedBy != nil {
			p := g.CreatedBy.Position()
			w.CreatedBy = &p
		}
		w.For, w.HeldBy = src.reason(g, list, holds)
		if i := slices.IndexFunc(waits, func(other result.Wait) bool { return alike(w, other) }); i >= 0 {
			waits[i].Count++
			continue
		}
		waits = append(waits, w)
	}
	return waits
}

// alike reports whether two goroutines wait in the same way.
func alike(a, b result.Wait) bool {
	a.Goroutine, a.Count = b.Goroutine, b.Count
	return reflect.DeepEqual(a, b)
}

// reason says what a goroutine waits for, and who is likely to hold it.
func (s *sources) reason(g Goroutine, all []Goroutine, holds [][]held) (what string, by []string) {
	at, judged := place.Innermost(g.Frames)
	find := func(verbs ...string) (operation, bool) {
		if !judged || !waitsIn(g, at) {
			return operation{}, false
		}
		return s.at(at, verbs...)
	}
	switch g.State {
	case "sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock":
		// Inside RWMutex.Lock a mutex comes first.
		writing := !strings.HasSuffix(g.State, "RLock")
		verb := "RLock"
		if writing {
			verb = "Lock"
		}
		op, ok := find(verb)
		if !ok {
			return "a lock (" + g.State + ")", nil
		}
		return "the lock " + op.text, holders(g, op, all, holds)
	case "sync.Cond.Wait":
		what = "a signal"
		if op, ok := find("Wait"); ok {
			what += " on " + op.text + s.wakers(op)
		}
		return what, nil
	case "sync.WaitGroup.Wait":
		what = "a wait group"
		if op, ok := find("Wait"); ok {
			what = "the wait group " + op.text
		}
		return what, children(g, all)
	case "chan receive", "chan receive (nil chan)":
		return s.channel(g, all, "receive", "a value from", find, "send", "close")
	case "chan send", "chan send (nil chan)":
		return s.channel(g, all, "send", "a receiver on", find, "receive")
	case "select":
		return "one of several channels", nil
	case "select (no cases)":
		return "nothing: an empty select never ends", nil
	}
	return "", nil
}

// wakers names the places that signal a condition, in brackets: a Signal that wakes
// one of several, and a change that comes without any, are why waiters stay.
func (s *sources) wakers(condition operation) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(s.text)) {
		for _, op := range s.all(name) {
			if op.object != condition.object || op.verb != "Signal" && op.verb != "Broadcast" {
				continue
			}
			what := op.verb
			if what == "Signal" {
				what = "Signal, which wakes one waiter,"
			}
			list = append(list, fmt.Sprintf("%s at %s:%d", what, name, op.line))
		}
	}
	if len(list) == 0 {
		return " (which nobody gives: there is no Signal or Broadcast of that name)"
	}
	return " (" + strings.Join(list, "; ") + ")"
}

// waitsIn reports whether the goroutine waits in the frame itself or in the
// standard library below it, and not in a function of somebody else's that it
// called.
func waitsIn(g Goroutine, at place.Frame) bool {
	for _, f := range g.Frames {
		if f == at {
			return true
		}
		if f.Scenario() {
			return false
		}
	}
	return false
}

// holders lists the goroutines that have taken a lock of the same name.
func holders(g Goroutine, op operation, all []Goroutine, holds [][]held) []string {
	var list []suspect
	for i, other := range all {
		for _, h := range holds[i] {
			if h.object != op.object || h.verb == "RLock" && op.verb == "RLock" && other.ID != g.ID {
				continue
			}
			who := other.name()
			if other.ID == g.ID {
				who = "itself"
			}
			list = append(list, suspect{who, fmt.Sprintf("likely: %s.%s at %s:%d", h.text, h.verb, h.at.File, h.at.Line)})
		}
	}
	if len(list) == 0 {
		return []string{"none of these goroutines, as far as the source tells: perhaps a call that has ended left it locked"}
	}
	return named(list)
}

// suspect is a goroutine that somebody may wait for, and why.
type suspect struct{ who, why string }

// named writes suspects for a reader. Of many for the same reason it names the
// first.
func named(list []suspect) []string {
	const few = 3
	same := map[string]int{}
	for _, s := range list {
		same[s.why]++
	}
	var lines []string
	for _, s := range list {
		switch n := same[s.why]; {
		case n > few:
			lines = append(lines, fmt.Sprintf("%s and %d more like it, %s", s.who, n-1, s.why))
			same[s.why] = 0
		case n > 0:
			lines = append(lines, s.who+", "+s.why)
		}
	}
	return lines
}

// children lists the goroutines that this one started: a wait group mostly
// counts those.
func children(g Goroutine, all []Goroutine) []string {
	var list []suspect
	for _, other := range all {
		if other.Parent == g.ID {
			list = append(list, suspect{other.name(), "likely: it was started here"})
		}
	}
	return named(list)
}

// channel says what a goroutine at a channel waits for. Others inside a
// function that does the opposite with a channel of the same name, or, if there
// are none, with any, may be who it waits for.
func (s *sources) channel(g Goroutine, all []Goroutine, verb, phrase string,
	find func(...string) (operation, bool), opposite ...string,
) (what string, by []string) {
	op, ok := find(verb)
	if !ok {
		return phrase + " a channel", nil
	}
	what = fmt.Sprintf("%s the channel %s", phrase, op.text)
	var same, any []suspect
	for _, other := range all {
		if other.ID == g.ID {
			continue
		}
		for _, f := range other.Frames {
			fn := s.around(f)
			if fn == nil {
				continue
			}
			for _, o := range fn.operations {
				if !slices.Contains(opposite, o.verb) {
					continue
				}
				s := suspect{other.name(), fmt.Sprintf("perhaps: %s on %s at %s:%d", o.verb, o.text, fn.file, o.line)}
				if o.object == op.object {
					same = append(same, s)
				} else {
					any = append(any, s)
				}
			}
		}
	}
	if len(same) > 0 {
		return what, named(same)
	}
	return what, named(any)
}
