// Package stacks reads goroutine dumps and says what they prove: who can never
// go on, who runs without getting anywhere, and who waits for whom.
package stacks

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/maruel/panicparse/v2/stack"

	"racebench/internal/runner/place"
)

// Goroutine is one goroutine of a dump.
type Goroutine struct {
	ID    int
	State string
	// Leaked: the leak profile found that it can never be woken.
	Leaked    bool
	Frames    []place.Frame
	CreatedBy *place.Frame
	// Parent is the goroutine that created it, 0 if that is not known.
	Parent int
}

const leakedMark = " (leaked)"

// Parse reads a dump as runtime.Stack or a dying process writes it; text before
// and after it is passed over. Goroutines of the worker's own loop are left
// out. The error says that the text could not be read as a dump at all.
func Parse(dump string) (list []Goroutine, err error) {
	// A process that is not to be trusted may have written the text, and the
	// parser is somebody else's.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("goroutine dump: the parser failed: %v", r)
		}
	}()
	in := io.Reader(strings.NewReader(dump))
	seen := false
	for {
		snapshot, suffix, err := stack.ScanSnapshot(in, io.Discard, &stack.Opts{})
		if snapshot != nil {
			seen = true
			for _, g := range snapshot.Goroutines {
				if converted := convert(g); !converted.harness() {
					list = append(list, converted)
				}
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return list, fmt.Errorf("goroutine dump: %w", err)
		}
		in = io.MultiReader(strings.NewReader(string(suffix)), in)
	}
	if !seen && strings.Contains(dump, "goroutine ") {
		return nil, fmt.Errorf("goroutine dump: no goroutine could be read")
	}
	return list, nil
}

func convert(g *stack.Goroutine) Goroutine {
	out := Goroutine{ID: g.ID}
	// The runtime writes "chan receive (leaked)" and "chan receive (nil chan)",
	// and other remarks after a comma.
	out.State, _, _ = strings.Cut(g.State, ", ")
	if strings.Contains(g.State, leakedMark) {
		out.Leaked = true
		out.State = strings.Replace(out.State, leakedMark, "", 1)
	}
	for _, c := range g.Stack.Calls {
		out.Frames = append(out.Frames, frame(c))
	}
	if calls := g.CreatedBy.Calls; len(calls) > 0 {
		f := frame(calls[0])
		function, parent, _ := strings.Cut(f.Function, " in goroutine ")
		f.Function = function
		// Dumps of Go 1.20 and before do not say; then it stays 0.
		out.Parent, _ = strconv.Atoi(parent)
		out.CreatedBy = &f
	}
	return out
}

func frame(c stack.Call) place.Frame {
	return place.Frame{Function: c.Func.Complete, File: c.RemoteSrcPath, Line: c.Line}
}

// name is how a reader is told of the goroutine.
func (g Goroutine) name() string { return fmt.Sprintf("goroutine %d", g.ID) }

// harness reports whether the goroutine belongs to the worker's own loop.
func (g Goroutine) harness() bool {
	return slices.ContainsFunc(g.Frames, place.Frame.Worker)
}

// Parked reports whether the goroutine waits for another goroutine. Waiting for
// a channel may also be waiting for a timer, so it counts only where the judged
// code uses none.
func (g Goroutine) Parked(timers bool) bool {
	switch g.State {
	case "sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock", "sync.WaitGroup.Wait", "sync.Cond.Wait",
		"chan send", "chan send (nil chan)", "chan receive (nil chan)", "select (no cases)":
		return true
	case "chan receive", "select":
		return !timers
	}
	return false
}

// Running reports whether the goroutine uses a processor, or would if it were
// given one.
func (g Goroutine) Running() bool {
	switch g.State {
	case "running", "runnable", "preempted":
		return true
	}
	return false
}

// Polling reports whether the goroutine is a scenario's that looks again and
// again whether a condition has come true, and changes nothing meanwhile.
func (g Goroutine) Polling() bool {
	return slices.ContainsFunc(g.Frames, func(f place.Frame) bool {
		return f.Scenario() && strings.HasSuffix(f.Function, ".Until")
	})
}

// Judged reports whether the goroutine is inside judged code.
func (g Goroutine) Judged() bool {
	_, ok := place.Innermost(g.Frames)
	return ok
}

// Foreign reports whether the goroutine runs code of the standard library alone
// and was started by it. Nothing of ours leaves one behind: a component's timer
// does that calls a function of the standard library which waits.
func (g Goroutine) Foreign() bool {
	ours := place.Frame.Ours
	return !slices.ContainsFunc(g.Frames, ours) && (g.CreatedBy == nil || !ours(*g.CreatedBy))
}

// where identifies the place at which the goroutine is, and who it is.
func (g Goroutine) where() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s", g.ID, g.State)
	for _, f := range g.Frames {
		fmt.Fprintf(&b, "|%s:%d", f.Function, f.Line)
	}
	return b.String()
}
