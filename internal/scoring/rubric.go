// Package scoring turns what was seen into points. The rubric is data, and Of
// is a pure function of a Result: any score can be computed again from a saved
// report. docs/rubric.md is the same rubric in words.
package scoring

import (
	"math/big"
	"time"

	"racebench/internal/result"
)

// MaxScore is what a fix can earn.
const MaxScore = 100

// PassMark and PartialMark are the points from which a score is a pass, where
// all success criteria hold too, and from which it is partial.
const (
	PassMark    = 90
	PartialMark = 40
)

// MinIterations is the number of consecutive iterations that the task asks for.
// Fewer can show that a fix is wrong, never that it is right.
const MinIterations = 100

// CategoryID names a category of the rubric.
type CategoryID string

// The four categories.
const (
	RaceTests   CategoryID = "race"
	Deadlocks   CategoryID = "deadlock"
	Sync        CategoryID = "synchronization"
	Performance CategoryID = "performance"
)

// rubricCategory is a row of the rubric.
type rubricCategory struct {
	id     CategoryID
	name   string
	points int64
}

var rubric = []rubricCategory{
	{RaceTests, "Race Condition Tests", 40},
	{Deadlocks, "Deadlock Freedom", 30},
	{Sync, "Synchronization Correctness", 20},
	{Performance, "Performance", 10},
}

// band grants points from a threshold on.
type band struct {
	// from is the least share of passed iterations, or the largest slowdown.
	from   *big.Rat
	points int64
}

// raceBands: at least this share of the iterations passed.
var raceBands = []band{
	{big.NewRat(1, 1), 40},
	{big.NewRat(95, 100), 30},
	{big.NewRat(80, 100), 20},
	{big.NewRat(50, 100), 10},
}

// slowdownBands: the candidate takes at most this multiple of the baseline.
var slowdownBands = []band{
	{big.NewRat(3, 2), 10},
	{big.NewRat(2, 1), 8},
	{big.NewRat(3, 1), 5},
	{big.NewRat(10, 1), 2},
}

const (
	// cappedPoints bound the race category once a schedule was found that fails,
	// or the work failed by which speed is measured.
	cappedPoints = 20
	// potentialPoints remain of deadlock freedom for a defect that is only
	// possible, found by exploration alone, or rare.
	potentialPoints = 15
	// slowSuiteCap bounds performance where the suite itself became slow.
	slowSuiteCap = 5
	// maxSlowdown is the success criterion of the task.
	maxSlowdown = 3
	// SlowSuite and slowSuiteRatio say when the suite became slow: what 100
	// iterations take, alone and beside the baseline.
	SlowSuite      = 60 * time.Second
	slowSuiteRatio = 3
)

// rareShare is the share of iterations below which a deadlock counts as rare.
var rareShare = big.NewRat(5, 100)

// raceKinds are the findings that an iteration must not have to pass.
var raceKinds = kinds(result.DataRace, result.LostUpdate, result.Invariant, result.NotLinearizable, result.Panic, result.Fatal)

// deadlockKinds are the findings that deadlock freedom is about.
var deadlockKinds = kinds(result.Deadlock, result.GoroutineLeak, result.Livelock, result.LockOrder, result.ResourceLimit)

// atomicityKinds show by themselves that critical sections are not atomic.
var atomicityKinds = kinds(result.DataRace, result.LostUpdate, result.NotLinearizable)

// atomicSentences are the sentences of the contract that promise something in
// one step: an invariant of theirs that breaks is a torn snapshot.
var atomicSentences = map[string]bool{
	"C2": true, "C5": true, "C7": true, "C8": true, "C9": true, "C12": true, "C15": true,
	"M1": true, "M3": true, "M4": true, "M5": true, "M6": true,
	"W4": true, "W7": true, "W8": true, "W12": true,
}

func kinds(ks ...result.Kind) map[result.Kind]bool {
	m := make(map[result.Kind]bool, len(ks))
	for _, k := range ks {
		m[k] = true
	}
	return m
}

// SlowdownBorders are the slowdowns at which one band of performance points
// ends and the next begins, ascending.
func SlowdownBorders() []float64 {
	borders := make([]float64, len(slowdownBands))
	for i, b := range slowdownBands {
		borders[i], _ = b.from.Float64()
	}
	return borders
}
