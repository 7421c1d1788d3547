package timeline

import (
	"encoding/json"
	"fmt"
	"io"

	"racebench/internal/explore/trace"
	"racebench/internal/terminal"
)

// A chromeEvent is one event of the Trace Event Format ("Trace Event Format",
// Google, https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU),
// which ui.perfetto.dev and chrome://tracing read.
type chromeEvent struct {
	Name     string         `json:"name"`
	Category string         `json:"cat,omitempty"`
	Phase    string         `json:"ph"`
	Time     int64          `json:"ts"` // µs
	Duration int64          `json:"dur,omitempty"`
	Process  int            `json:"pid"`
	Thread   int            `json:"tid"`
	ID       int            `json:"id,omitempty"`
	Bind     string         `json:"bp,omitempty"`
	Scope    string         `json:"s,omitempty"`
	Args     map[string]any `json:"args,omitempty"`
}

// stepLength is how long a step is drawn, in µs. The axis counts steps: all of
// a schedule happens within moments of virtual time.
const stepLength = 1000

// Perfetto writes the document as a Chrome trace: a process for each run, a
// track for each goroutine, a slice for each step, an arrow from a step to the
// goroutine that it wakes. Which step wakes is not recorded: it is the one that
// can have done it, the first for a channel and the last for all else.
func Perfetto(w io.Writer, d Document) error {
	events := []chromeEvent{}
	flow := 0
	for i, r := range d.Runs {
		if r.Trace != nil {
			events = append(events, chromeRun(i+1, r, &flow)...)
		}
	}
	// JSON escapes for a parser; viewers show what is behind that.
	for i, e := range events {
		events[i].Name = terminal.Clean(e.Name)
		for k, v := range e.Args {
			if text, ok := v.(string); ok {
				e.Args[k] = terminal.Clean(text)
			}
		}
	}
	return json.NewEncoder(w).Encode(map[string]any{
		"traceEvents":     events,
		"displayTimeUnit": "ms",
		"otherData":       map[string]any{"title": terminal.Clean(d.Title), "axis": "1 ms is one step"},
	})
}

func chromeRun(pid int, r Run, flow *int) []chromeEvent {
	t := r.Trace
	events := []chromeEvent{{Name: "process_name", Phase: "M", Process: pid, Args: map[string]any{"name": fmt.Sprintf("%s: %s: %s", r.Name, r.kind(), r.headline())}}}
	for _, g := range t.Goroutines {
		events = append(events, chromeEvent{Name: "thread_name", Phase: "M", Process: pid, Thread: g.ID, Args: map[string]any{"name": "goroutine " + g.Name}})
	}
	name := names(t)
	stuck := r.stuck()
	next := following(t.Steps)
	for i, s := range t.Steps {
		args := map[string]any{"step": i + 1, "could also run": s.Choices, "virtual time": virtual(s.Now)}
		if s.Frame.File != "" {
			args["at"] = fmt.Sprintf("%s:%d", s.Frame.File, s.Frame.Line)
			args["func"] = s.Frame.Func
		}
		e := chromeEvent{Name: operation(s), Category: "step", Phase: "X", Time: int64(i) * stepLength, Duration: stepLength, Process: pid, Thread: s.Goroutine, Args: args}
		if own(s) {
			e.Category = "library"
		}
		if s.Phase == trace.Blocked {
			e.Name, e.Category = "blocked in "+e.Name, "blocked"
			args["wait reason"] = s.Wait
			end := next[i]
			if end < 0 {
				end = len(t.Steps)
				if stuck[s.Goroutine] {
					e.Name += " for ever"
				}
			}
			e.Duration = int64(end-i) * stepLength
		}
		events = append(events, e)
		if s.Decisive {
			text := "decisive"
			if s.Switch != 0 {
				text = "switch to " + name[s.Switch]
			}
			events = append(events, chromeEvent{Name: text, Category: "decisive", Phase: "i", Scope: "t", Time: int64(i)*stepLength + stepLength/2, Process: pid, Thread: s.Goroutine})
		}
	}
	for blocked, by := range wakers(t.Steps) {
		if by < 0 {
			continue
		}
		*flow++
		to := next[blocked]
		events = append(events,
			chromeEvent{Name: "wakes", Category: "wake", Phase: "s", ID: *flow, Time: int64(by)*stepLength + stepLength/2, Process: pid, Thread: t.Steps[by].Goroutine},
			chromeEvent{Name: "wakes", Category: "wake", Phase: "f", Bind: "e", ID: *flow, Time: int64(to)*stepLength + stepLength/2, Process: pid, Thread: t.Steps[to].Goroutine})
	}
	return events
}

// following returns for each step the goroutine's next one, -1 if it has none.
func following(steps []trace.Step) []int {
	next := make([]int, len(steps))
	last := map[int]int{}
	for i := len(steps) - 1; i >= 0; i-- {
		next[i] = -1
		if n, ok := last[steps[i].Goroutine]; ok {
			next[i] = n
		}
		last[steps[i].Goroutine] = i
	}
	return next
}

// wakers returns for each step the one that has woken the goroutine blocked in
// it, -1 if there is none or it is not known. A trace records what goroutines
// do, not whom that wakes. So it is inferred: of the steps of others before the
// goroutine goes on that end such a wait for the same object it is the first
// for a channel, where it hands over the value, and the last for everything
// else, where others can have been faster.
func wakers(steps []trace.Step) []int {
	by := make([]int, len(steps))
	next := following(steps)
	for i, s := range steps {
		by[i] = -1
		if s.Phase != trace.Blocked || s.Object == "" || next[i] < 0 {
			continue
		}
		for j := i + 1; j < next[i]; j++ {
			o := steps[j]
			if o.Goroutine == s.Goroutine || o.Phase != trace.Before || o.Object != s.Object || !ends(o.Op, s.Op) {
				continue
			}
			by[i] = j
			if s.Op == trace.Send || s.Op == trace.Recv {
				break
			}
		}
	}
	return by
}

// ends reports whether an operation can end a wait in another.
func ends(op, wait trace.Op) bool {
	switch wait {
	case trace.Send:
		return op == trace.Recv || op == trace.Close
	case trace.Recv:
		return op == trace.Send || op == trace.Close
	case trace.Lock:
		return op == trace.Unlock
	case trace.RLock:
		return op == trace.WUnlock
	case trace.WLock:
		return op == trace.RUnlock || op == trace.WUnlock
	case trace.WaitGroupWait:
		return op == trace.WaitGroupAdd
	case trace.CondWait:
		return op == trace.Signal || op == trace.Broadcast
	}
	return false
}
