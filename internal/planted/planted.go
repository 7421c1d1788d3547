// Package planted holds the canary: defects put there on purpose, one for each
// kind of evidence, each with a right twin. A run whose detectors miss a
// planted defect, or accuse a twin, says nothing about a candidate.
//
// Handshakes make every defect certain: the canary checks that a detector
// works, not how often. Which binaries, flags and parsers look at them is the
// runner's business; this package is compiled into every worker and uses the
// standard library alone.
package planted

import (
	"strings"

	"racebench/internal/protocol"
)

// Prefix begins the name of every planted scenario.
const Prefix = "canary/"

// Detectors, as Defect.Detector names them.
const (
	Races       = "race log"
	Leaks       = "leak profile"
	Histories   = "history check"
	Dumps       = "dump parser"
	Invariants  = "invariants"
	Progress    = "progress watch"
	CrashOutput = "crash output"
	Exits       = "exit watch"
)

// Defect is a planted defect or its right twin.
type Defect struct {
	// Name is the scenario's name, beginning with Prefix.
	Name string
	// Detector is what has to find the defect.
	Detector string
	// Kind is the kind of the finding that it has to become; empty for a twin,
	// which must not become any.
	Kind string
	// NeedsRace marks what only the race detector can see.
	NeedsRace bool
	// NeedsLeakProfile marks what only the leak profile can see.
	NeedsLeakProfile bool

	run func() protocol.Outcome
}

// All returns the planted defects, each followed by its twin.
func All() []Defect {
	return []Defect{
		{Name: Prefix + "data-race", Detector: Races, Kind: "data-race", NeedsRace: true, run: racyWrites(false)},
		{Name: Prefix + "data-race-twin", Detector: Races, NeedsRace: true, run: racyWrites(true)},
		{Name: Prefix + "lost-update", Detector: Invariants, Kind: "lost-update", run: lostUpdate(false)},
		{Name: Prefix + "lost-update-twin", Detector: Invariants, run: lostUpdate(true)},
		{Name: Prefix + "history", Detector: Histories, Kind: "not-linearizable", run: tornReset(false)},
		{Name: Prefix + "history-twin", Detector: Histories, run: tornReset(true)},
		{Name: Prefix + "leak", Detector: Leaks, Kind: "goroutine-leak", NeedsLeakProfile: true, run: leftBehind(false)},
		{Name: Prefix + "leak-twin", Detector: Leaks, NeedsLeakProfile: true, run: leftBehind(true)},
		{Name: Prefix + "stuck", Detector: Leaks, Kind: "deadlock", NeedsLeakProfile: true, run: lostSignal(false)},
		{Name: Prefix + "stuck-twin", Detector: Leaks, NeedsLeakProfile: true, run: lostSignal(true)},
		{Name: Prefix + "deadlock", Detector: Dumps, Kind: "deadlock", run: crossed(false)},
		{Name: Prefix + "deadlock-twin", Detector: Dumps, run: crossed(true)},
		{Name: Prefix + "livelock", Detector: Progress, Kind: "livelock", run: spinning(false)},
		{Name: Prefix + "livelock-twin", Detector: Progress, run: spinning(true)},
		{Name: Prefix + "panic", Detector: CrashOutput, Kind: "panic", run: closedTwice(false)},
		{Name: Prefix + "panic-twin", Detector: CrashOutput, run: closedTwice(true)},
		{Name: Prefix + "fatal", Detector: CrashOutput, Kind: "fatal", run: unlockedTwice(false)},
		{Name: Prefix + "fatal-twin", Detector: CrashOutput, run: unlockedTwice(true)},
		{Name: Prefix + "exit", Detector: Exits, Kind: "hostile", run: exiting(false)},
		{Name: Prefix + "exit-twin", Detector: Exits, run: exiting(true)},
	}
}

// Find returns the defect of that name.
func Find(name string) (Defect, bool) {
	if !strings.HasPrefix(name, Prefix) {
		return Defect{}, false
	}
	for _, d := range All() {
		if d.Name == name {
			return d, true
		}
	}
	return Defect{}, false
}

// Execute runs a defect on a goroutine of its own and returns when it has
// ended, which it may never do. It keeps no reference to the defect's objects.
func Execute(d Defect) protocol.Outcome {
	done := make(chan protocol.Outcome, 1)
	go func() { done <- d.run() }()
	return <-done
}
