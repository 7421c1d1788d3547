package stacks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"racebench/internal/runner/stacks"
)

// goroutine writes one goroutine as the runtime does; each frame is
// "function file:line".
func goroutine(id int, state string, frames ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "goroutine %d [%s]:\n", id, state)
	for _, f := range frames {
		function, file, _ := strings.Cut(f, " ")
		fmt.Fprintf(&b, "%s(...)\n\t%s +0x1\n", function, file)
	}
	b.WriteString("created by racebench/internal/scenarios/harness.Execute in goroutine 1\n\tracebench/internal/scenarios/harness/harness.go:1 +0x1\n")
	return b.String()
}

const (
	get   = "racebench/internal/cache.(*Cache[...]).Get racebench/internal/cache/cache.go:10"
	put   = "racebench/internal/cache.(*Cache[...]).Put racebench/internal/cache/cache.go:20"
	put2  = "racebench/internal/cache.(*Cache[...]).Put racebench/internal/cache/cache.go:21"
	until = "racebench/internal/scenarios/harness.(*T).Until racebench/internal/scenarios/harness/latch.go:5"
	main  = "racebench/internal/scenarios/harness.execute racebench/internal/scenarios/harness/harness.go:60"
)

// What a watch must prove, and more important, what it must not.
func TestWatch(t *testing.T) {
	second := time.Second
	look := func(cpu time.Duration, life uint64, gs ...string) stacks.Snapshot {
		list, err := stacks.Parse(strings.Join(gs, "\n"))
		if err != nil || len(list) != len(gs) {
			t.Fatalf("%d of %d goroutines, %v", len(list), len(gs), err)
		}
		return stacks.Snapshot{Goroutines: list, CPU: cpu, Life: life}
	}
	mutex := goroutine(5, "sync.Mutex.Lock", get, main)
	owned := strings.Replace(goroutine(9, "sync.Cond.Wait (leaked)", put), "internal/scenarios/harness.Execute", "internal/cache.New[...]", 1)
	owned = strings.Replace(owned, "scenarios/harness/harness.go", "cache/cache.go", 1)
	receive := goroutine(6, "chan receive", put, main)
	for _, c := range []struct {
		name  string
		watch stacks.Watch
		looks []stacks.Snapshot
		want  stacks.Condition
	}{
		{"all wait for locks", stacks.Watch{Timers: true}, []stacks.Snapshot{look(0, 1, mutex), look(0, 1, mutex)}, stacks.Blocked},
		{"seen once", stacks.Watch{}, []stacks.Snapshot{look(0, 1, mutex)}, stacks.Undecided},
		{"an operation ended", stacks.Watch{}, []stacks.Snapshot{look(0, 1, mutex), look(0, 2, mutex)}, stacks.Undecided},
		{"a channel that a timer may serve", stacks.Watch{Timers: true}, []stacks.Snapshot{look(0, 1, mutex, receive), look(0, 1, mutex, receive)}, stacks.Undecided},
		{"a channel without timers", stacks.Watch{}, []stacks.Snapshot{look(0, 1, mutex, receive), look(0, 1, mutex, receive)}, stacks.Blocked},
		{"one could run", stacks.Watch{}, []stacks.Snapshot{
			look(0, 1, mutex, goroutine(7, "runnable", put, main)), look(0, 1, mutex, goroutine(7, "runnable", put, main)),
		}, stacks.Undecided},
		{"one sleeps", stacks.Watch{}, []stacks.Snapshot{
			look(0, 1, mutex, goroutine(7, "sleep", put, main)), look(0, 1, mutex, goroutine(7, "sleep", put, main)),
		}, stacks.Undecided},
		{"somebody else waits", stacks.Watch{}, []stacks.Snapshot{look(0, 1, mutex), look(0, 1, goroutine(8, "sync.Mutex.Lock", get, main))}, stacks.Undecided},
		{"the leak profile", stacks.Watch{Timers: true}, []stacks.Snapshot{
			look(0, 1, goroutine(5, "chan receive (leaked)", get, main), goroutine(7, "running", put, main)),
		}, stacks.Leaked},
		{"a component's own goroutine leaks", stacks.Watch{Timers: true}, []stacks.Snapshot{
			look(0, 1, owned, goroutine(7, "running", put, main)), look(0, 1, owned, goroutine(7, "running", put, main)),
		}, stacks.Undecided},
		{"a component's own goroutine leaks and nothing goes on", stacks.Watch{Timers: true}, slices.Repeat(
			[]stacks.Snapshot{look(0, 1, owned, goroutine(7, "sleep", until, main))}, 6), stacks.Leaked},
		{"the leak profile, left out", stacks.Watch{Timers: true, NoLeaks: true}, []stacks.Snapshot{
			look(0, 1, goroutine(5, "chan receive (leaked)", get, main)), look(0, 1, goroutine(5, "chan receive (leaked)", get, main)),
		}, stacks.Undecided},
		{"dumps, left out", stacks.Watch{NoDumps: true}, []stacks.Snapshot{look(0, 1, mutex), look(0, 1, mutex)}, stacks.Undecided},
		{"a scenario polls, without a processor", stacks.Watch{}, []stacks.Snapshot{
			look(0, 1, mutex, goroutine(7, "runnable", until, main)), look(0, 1, mutex, goroutine(7, "runnable", until, main)),
			look(0, 1, mutex, goroutine(7, "sleep", until, main)), look(0, 1, mutex, goroutine(7, "sleep", until, main)),
		}, stacks.Undecided},
		{"a scenario polls", stacks.Watch{}, []stacks.Snapshot{
			look(0, 1, mutex, goroutine(7, "runnable", until, main)), look(0, 1, mutex, goroutine(7, "runnable", until, main)),
			look(0, 1, mutex, goroutine(7, "sleep", until, main)), look(second, 1, mutex, goroutine(7, "sleep", until, main)),
		}, stacks.Blocked},
		{"spinning", stacks.Watch{SpinCPU: second}, []stacks.Snapshot{
			look(0, 1, goroutine(7, "running", put, main)), look(second, 1, goroutine(7, "runnable", put2, main)),
			look(2*second, 1, goroutine(7, "runnable", put, main)), look(3*second, 1, goroutine(7, "running", put, main)),
		}, stacks.Spinning},
		{"running, in another call each time", stacks.Watch{SpinCPU: second}, []stacks.Snapshot{
			look(0, 1, goroutine(7, "running", put, main)), look(second, 1, goroutine(7, "runnable", get, main)),
			look(2*second, 1, goroutine(7, "runnable", put, main)), look(3*second, 1, goroutine(7, "running", put, main)),
		}, stacks.Undecided},
		{"runnable, without a processor", stacks.Watch{SpinCPU: second}, []stacks.Snapshot{
			look(0, 1, goroutine(7, "runnable", put, main)), look(0, 1, goroutine(7, "runnable", put, main)),
			look(0, 1, goroutine(7, "runnable", put, main)), look(second/2, 1, goroutine(7, "runnable", put, main)),
		}, stacks.Undecided},
		{"the scenario spins, not the component", stacks.Watch{SpinCPU: second}, []stacks.Snapshot{
			look(0, 1, goroutine(7, "running", main)), look(second, 1, goroutine(7, "running", main)),
			look(2*second, 1, goroutine(7, "running", main)), look(3*second, 1, goroutine(7, "running", main)),
		}, stacks.Undecided},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := stacks.Undecided
			for i, s := range c.looks {
				if got != stacks.Undecided {
					t.Fatalf("decided after %d looks of %d", i, len(c.looks))
				}
				var involved []stacks.Goroutine
				got, involved = c.watch.Add(s)
				if (got != stacks.Undecided) != (len(involved) > 0) {
					t.Errorf("condition %d with %d goroutines", got, len(involved))
				}
			}
			if got != c.want {
				t.Errorf("condition %d, want %d", got, c.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	if _, err := stacks.Parse("goroutine profile: total 3\n"); err == nil {
		t.Error("text without goroutines was read as a dump")
	}
	if list, err := stacks.Parse(""); err != nil || len(list) != 0 {
		t.Errorf("an empty dump: %v, %v", list, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(goroutine(5, "sync.Mutex.Lock", get, main))
	f.Fuzz(func(_ *testing.T, dump string) {
		list, err := stacks.Parse(dump)
		if err == nil {
			stacks.Picture(list, nil)
		}
	})
}
