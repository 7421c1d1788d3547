package worker

import (
	"io"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"racebench/internal/protocol"
	"racebench/internal/scenarios/harness"
)

// own marks the goroutines of the harness in a stack: they run code of this
// package's files. The names of functions would not do: a closure that is
// inlined takes the name of the function around it.
const own = "internal/worker/"

// The grace that goroutines get to end in, once the scenario has (W11 in
// docs/contract.md), and what those get on top that are not blocked: on a busy
// machine a goroutine that could end may not have been given a processor.
const (
	grace      = time.Second
	extraGrace = 5 * time.Second
)

// leakProfile is the goroutine leak profile, which a program has when it is
// built with GOEXPERIMENT=goroutineleakprofile.
type leakProfile struct {
	available bool
	profile   *pprof.Profile
}

func findLeakProfile() leakProfile {
	p := pprof.Lookup("goroutineleak")
	return leakProfile{available: p != nil, profile: p}
}

// collect makes the runtime look for leaked goroutines; it marks them in every
// dump that follows. The profile's Count would not do: it reads what the last
// collection found.
func (l leakProfile) collect() {
	if l.available {
		// Discard takes everything, so there is no error to speak of.
		_ = l.profile.WriteTo(io.Discard, 0)
	}
}

// stacks returns the stacks of all goroutines.
func stacks() string {
	for size := 64 << 10; ; size *= 2 {
		buf := make([]byte, size)
		// Half of the largest frame: the text is quoted on its way.
		if n := runtime.Stack(buf, true); n < size || size >= protocol.MaxFrame/4 {
			return string(buf[:n])
		}
	}
}

// goroutine is one paragraph of a dump.
type goroutine struct {
	id   int
	text string
}

// split cuts a dump into goroutines.
func split(dump string) []goroutine {
	var list []goroutine
	for text := range strings.SplitSeq(dump, "\n\n") {
		rest, ok := strings.CutPrefix(text, "goroutine ")
		if !ok {
			continue
		}
		number, _, _ := strings.Cut(rest, " ")
		id, err := strconv.Atoi(number)
		if err != nil {
			continue
		}
		list = append(list, goroutine{id, strings.TrimRight(text, "\n")})
	}
	return list
}

// goroutines returns the identities of the goroutines of a dump.
func goroutines(dump string) map[int]bool {
	ids := make(map[int]bool)
	for _, g := range split(dump) {
		ids[g.id] = true
	}
	return ids
}

// state is the text in the brackets of a goroutine's first line.
func (g goroutine) state() string {
	_, rest, _ := strings.Cut(g.text, "[")
	state, _, _ := strings.Cut(rest, "]:")
	return state
}

// busy reports whether the goroutine is on its way rather than blocked.
func (g goroutine) busy() bool {
	state, _, _ := strings.Cut(g.state(), ",")
	switch strings.TrimSuffix(state, " (leaked)") {
	case "running", "runnable", "syscall", "sleep", "preempted", "waiting", "copystack":
		return true
	}
	return false
}

func (g goroutine) leaked() bool {
	first, _, _ := strings.Cut(g.text, "\n")
	return strings.Contains(first, " (leaked)")
}

// theirs returns the goroutines of a dump that belong to the run: neither the
// harness's nor what was there before.
func (s *server) theirs(dump string) []goroutine {
	var list []goroutine
	for _, g := range split(dump) {
		// The harness starts the scenario, so it is among the creators.
		calls, _, _ := strings.Cut(g.text, "\ncreated by ")
		if !s.before[g.id] && !strings.Contains(calls, own) {
			list = append(list, g)
		}
	}
	return list
}

// startedByComponents returns the goroutines of a dump that a component has started.
func startedByComponents(dump string) []goroutine {
	var list []goroutine
	for _, g := range split(dump) {
		_, creator, _ := strings.Cut(g.text, "\ncreated by ")
		for _, c := range []string{harness.Cache, harness.Counter, harness.WorkerPool} {
			if strings.HasPrefix(creator, "racebench/internal/"+c+".") {
				list = append(list, g)
			}
		}
	}
	return list
}

// text is the goroutines as a dump shows them.
func text(list []goroutine) string {
	var b strings.Builder
	for i, g := range list {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(g.text + "\n")
	}
	return b.String()
}

// aftermath looks for goroutines that the scenario left behind. It returns at
// once when there are none, and when all of them are proved to be stuck.
func (s *server) aftermath(o *protocol.Outcome, leaks bool) {
	expected := len(s.before)
	began := time.Now()
	for pause, looked := time.Microsecond, false; ; pause = min(2*pause, 20*time.Millisecond) {
		if runtime.NumGoroutine() <= expected {
			return
		}
		elapsed := time.Since(began)
		if elapsed > 20*time.Millisecond && !looked {
			looked = true
			if left := s.theirs(stacks()); len(left) == 0 {
				return
			}
			if leaks && s.leaks.available && s.proved(o) {
				return
			}
		}
		if elapsed > grace {
			left := s.theirs(stacks())
			if len(left) == 0 {
				return
			}
			if !anyBusy(left) || elapsed > grace+extraGrace {
				break
			}
		}
		time.Sleep(pause)
	}
	if leaks && s.leaks.available {
		s.leaks.collect()
	}
	o.Remaining = text(s.theirs(stacks()))
}

// proved asks the leak profile, and fills the outcome in if everything that was
// left behind can never end.
func (s *server) proved(o *protocol.Outcome) bool {
	s.leaks.collect()
	left := s.theirs(stacks())
	for _, g := range left {
		if !g.leaked() {
			return false
		}
	}
	o.Remaining = text(left)
	return true
}

func anyBusy(list []goroutine) bool {
	for _, g := range list {
		if g.busy() {
			return true
		}
	}
	return false
}
