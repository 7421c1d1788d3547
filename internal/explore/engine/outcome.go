package engine

import (
	"strconv"
	"time"

	"racebench/internal/explore/schedule"
	"racebench/internal/explore/trace"
)

// Evidence names something that a schedule showed.
type Evidence string

// The kinds of evidence.
const (
	Race      Evidence = "race"       // the race detector reported
	Fail      Evidence = "fail"       // the test failed
	Panic     Evidence = "panic"      // a panic that nobody recovered
	Fatal     Evidence = "fatal"      // an error of the runtime that cannot be recovered
	Deadlock  Evidence = "deadlock"   // the test can never end
	Leak      Evidence = "leak"       // goroutines remain blocked after its end
	Livelock  Evidence = "livelock"   // it goes on without progress although all get their turn
	LockOrder Evidence = "lock-order" // locks taken in a circle that did not close
	Exit      Evidence = "exit"       // the process ended in the middle
	Hang      Evidence = "hang"       // it took too long by the wall clock
)

// A Held is a lock that a goroutine holds.
type Held struct {
	Object uint64
	Op     trace.Op
	Frame  trace.Frame
}

// A Left is a goroutine that remained when a schedule ended.
type Left struct {
	ID      int
	Op      trace.Op // operation it is in
	Object  uint64   // what the operation works on; 0 if unknown
	Blocked bool     // it waits; otherwise it could still have run
	Daemon  bool     // it was there before the test began
	Ended   bool     // it has ended, with locks in its hands
	Timed   bool     // timers woke it after the end of the test
	Reason  string   // the runtime's wait reason
	Stack   []trace.Frame
	Held    []Held
}

// An Edge says that a goroutine took the lock To while it held From.
type Edge struct {
	Cycle            int `json:"cycle"`
	Goroutine        int `json:"goroutine"`
	From, To         uint64
	FromSite, ToSite trace.Frame
	Created          trace.Frame `json:"created"`
}

// Limits that applied to a schedule, as bits of Outcome.Limits.
const (
	LimitSyscall = 1 << iota
	LimitNetwork
	LimitLockedThread
	LimitGoroutines
	LimitOutside
)

// An Outcome is what one schedule of one test showed.
type Outcome struct {
	Test       string
	Index      uint64 // DefaultIndex for the default schedule
	Seed       uint64
	Strategy   Strategy
	Evidence   []Evidence
	Steps      int
	Decisions  int
	Operations int
	Hash       string // of the steps
	HB         string // of the happens-before relation
	Unused     int    // replay: switches whose place was not reached
	Impossible int    // replay: switches to a goroutine that could not run
	RecordFull bool   // there were more switches than fit
	Spun       bool   // a goroutine ran long without a scheduling point
	Unsure     bool   // too many objects to follow
	Collected  bool   // the garbage collector ran
	TimedOut   bool   // a deadlock by virtual time: only timers far away are left
	Budget     bool   // the step bound was hit, with progress
	Ran        bool   // false if -test.run left nothing of the test
	Skipped    bool   // the test skipped itself
	Now        time.Duration
	Limits     int
	Output     string // of the test's T
	Stderr     string // of the process, if it ended
	ExitCode   int    // Exit: the process's
	PanicText  string
	PanicG     int
	PanicStack []trace.Frame
	Races      []RaceReport
	Goroutines []trace.Goroutine
	Left       []Left
	Edges      []Edge
	Switches   []schedule.Switch
	Trace      *trace.Trace // replays only
}

// DefaultIndex is the index of the default schedule.
const DefaultIndex = ^uint64(0)

// Has reports whether the outcome shows e.
func (o *Outcome) Has(e Evidence) bool {
	for _, x := range o.Evidence {
		if x == e {
			return true
		}
	}
	return false
}

// Goroutine returns the goroutine with the given number, or the zero value.
func (o *Outcome) Goroutine(id int) trace.Goroutine {
	if id >= 1 && id <= len(o.Goroutines) {
		return o.Goroutines[id-1]
	}
	return trace.Goroutine{}
}

// addLine adds one line of the answer. It reports whether the outcome is
// complete.
func (o *Outcome) addLine(l *line) bool {
	switch l.word {
	case "outcome":
		*o = Outcome{
			Test: l.str("test"), Index: l.uint("index", 10), Seed: l.uint("seed", 10), Strategy: Strategy{Kind: StrategyKind(l.int("strategy")), Depth: l.int("depth")},
			Steps: l.int("steps"), Decisions: l.int("decisions"), Operations: l.int("ops"), Hash: l.str("hash"), HB: l.str("hb"),
			Unused: l.int("unused"), Impossible: l.int("impossible"), RecordFull: l.bool("full"), Spun: l.bool("spun"), Unsure: l.bool("unsure"),
			Collected: l.bool("collected"), TimedOut: l.bool("timedout"), Budget: l.bool("budget"), Ran: l.bool("ran"), Skipped: l.bool("skipped"),
			Now: time.Duration(l.int("now")), Limits: l.int("limits"), Output: l.str("output"),
		}
	case "evidence":
		e := Evidence(l.str("kind"))
		o.Evidence = append(o.Evidence, e)
		if e == Panic || e == Fatal {
			o.PanicText, o.PanicG, o.PanicStack = l.str("text"), l.int("g"), l.stack("stack")
		}
	case "edge":
		e := Edge{Cycle: l.int("cycle"), Goroutine: l.int("g"), From: l.uint("from", 16), To: l.uint("to", 16)}
		e.FromSite, e.ToSite, e.Created = trace.User(l.stack("fromsite")), trace.User(l.stack("tosite")), trace.User(l.stack("created"))
		o.Edges = append(o.Edges, e)
	case "goroutine":
		g := trace.Goroutine{ID: l.int("id"), Parent: l.int("parent"), Ended: l.bool("ended"), Name: o.name(l.int("parent"), l.int("child"))}
		if s := l.stack("created"); len(s) > 0 {
			g.Created = s[0]
		}
		o.Goroutines = append(o.Goroutines, g)
	case "left":
		o.Left = append(o.Left, Left{
			ID: l.int("id"), Op: trace.Op(l.int("kind")), Object: l.uint("obj", 16), Blocked: l.bool("blocked"), Daemon: l.bool("daemon"), Ended: l.bool("ended"), Timed: l.bool("timed"),
			Reason: l.str("reason"), Stack: l.stack("stack"),
		})
	case "held":
		if n := len(o.Left); n > 0 {
			h := Held{Object: l.uint("obj", 16), Op: trace.Op(l.int("kind")), Frame: trace.User(l.stack("site"))}
			o.Left[n-1].Held = append(o.Left[n-1].Held, h)
		}
	case "end":
		return true
	}
	return false
}

// name builds a goroutine's path from its parent's.
func (o *Outcome) name(parent, child int) string {
	if parent == 0 {
		if child == 1 {
			return "1"
		}
		return "0." + strconv.Itoa(child)
	}
	return o.Goroutine(parent).Name + "." + strconv.Itoa(child)
}

// A StrategyKind is the number of a strategy in the test binary.
type StrategyKind int

// The strategies.
const (
	Replay StrategyKind = iota
	Random
	PCT
	POS
	Sticky
	Exhaustive
)

// A Strategy is a strategy with its parameters.
type Strategy struct {
	Kind  StrategyKind
	Depth int // PCT: ordering constraints; Exhaustive: most preemptions, <0: no bound
	Stay  int // Sticky: the chance to stay is Stay/8
}

// String names the strategy as on the command line.
func (s Strategy) String() string {
	switch s.Kind {
	case Replay:
		return "default"
	case Random:
		return "random"
	case PCT:
		return "pct:" + strconv.Itoa(s.Depth)
	case POS:
		return "pos"
	case Sticky:
		return "sticky"
	case Exhaustive:
		if s.Depth < 0 {
			return "exhaustive"
		}
		return "exhaustive:" + strconv.Itoa(s.Depth)
	}
	return "strategy " + strconv.Itoa(int(s.Kind))
}
