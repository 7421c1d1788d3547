// Package measure compares the speed of a candidate with that of the textbook
// fix on the same machine at the same time.
//
// Nothing that is timed on a busy machine can be trusted by itself, so that
// everything is relative: candidate and baseline do the same work in turns, a
// pair of them gives one ratio, and what disturbs the machine for longer than a
// pair disturbs both. The pairs of all workloads are interleaved in rounds, so
// that a bad second costs each of them one pair and not one of them all. What
// is left are outliers, on which a median does not depend: the ratio of a
// workload is the median of its pairs, with an interval by order statistics,
// which assumes nothing about how times are distributed.
package measure

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/perf/benchmath"

	"racebench/internal/protocol"
	"racebench/internal/result"
)

// Bencher executes a workload and says how long that took, seen from outside of
// the process that did it.
type Bencher interface {
	Bench(ctx context.Context, b protocol.Bench) (elapsed time.Duration, err error)
}

// Workload is one row of the comparison.
type Workload struct {
	// Name is what the worker knows the workload by.
	Name      string
	Component result.Component
	// Goroutines call the component at once; this is for the report.
	Goroutines int
}

// Options say what is compared and how exactly it must be known.
type Options struct {
	Workloads []Workload
	// Spin is the number of rounds of a caller's own work between two
	// operations; see Calibrate.
	Spin int
	// Seed decides what is drawn inside the workloads. Candidate and baseline
	// get the same in each pair.
	Seed uint64
	// Borders are the slowdowns at which one band of points ends and the next
	// begins, ascending. A component is measured until its interval lies between
	// two of them, or for long enough.
	Borders []float64
}

// The sides of a comparison.
const (
	CandidateSide = "candidate"
	BaselineSide  = "baseline"
)

// Error says which side of the comparison could not be measured.
type Error struct {
	// Side is CandidateSide or BaselineSide.
	Side string
	// Workload is what it was to do.
	Workload string
	Err      error
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: measuring the %s: %v", e.Workload, e.Side, e.Err)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

const (
	// confidence of the intervals.
	confidence = 0.95
	// minRounds is the least number of pairs for which the median has a finite
	// interval at that confidence: all six lie on one side of it with a
	// probability of 2/64.
	minRounds = 6
	// costlyRounds is the least number of pairs before a component may leave the
	// best band. A false loss of points is worse than a second of measuring, and
	// looking at an interval after every round makes one more likely.
	costlyRounds = 12
	// maxRounds ends the measurement of a component near the border of a band.
	maxRounds = 24
	// pairTime is what one pair should take, both sides together. It is some
	// hundred times what a request to a worker costs, and a few times what the
	// kernel lets one thread run before another.
	pairTime = 80 * time.Millisecond
	// firstOperations is where the search for the size of a pair starts: few
	// enough for a candidate that takes milliseconds for each.
	firstOperations = 16
	// maxOperations bounds a request, whatever the clock says.
	maxOperations = 1 << 22
)

// assumption is what a reader has to believe to believe the intervals.
const assumption = "the ratio of a workload is the median of its pairs, its interval that of the median by order statistics, " +
	"without an assumption about the distribution (benchmath.AssumeNothing, 95 %); a slowdown is the geometric mean of the ratios, " +
	"its interval assumes that the workloads' errors are independent"

// Compare measures candidate and baseline against each other. It returns an
// *Error for a side that failed, and the context's error once that has ended.
func Compare(ctx context.Context, candidate, baseline Bencher, o Options) (*result.Measurement, error) {
	c := comparison{candidate: candidate, baseline: baseline, options: o, draw: rand.New(rand.NewPCG(o.Seed, 0))}
	for i, w := range o.Workloads {
		s := &series{workload: w, candidateFirst: i%2 == 0}
		if err := c.size(ctx, s); err != nil {
			return nil, err
		}
		c.series = append(c.series, s)
	}
	for undecided := c.series; len(undecided) > 0; undecided = c.undecided() {
		for _, s := range undecided {
			if err := c.pair(ctx, s); err != nil {
				return nil, err
			}
		}
	}
	return c.measurement(), nil
}

// comparison is a measurement in progress.
type comparison struct {
	candidate, baseline Bencher
	options             Options
	draw                *rand.Rand
	series              []*series
}

// series is what was measured of one workload.
type series struct {
	workload       Workload
	operations     int
	candidateFirst bool      // in the next pair
	ratios         []float64 // candidate time over baseline time, one for each pair
}

// size warms both sides up with more and more operations until a pair of them
// takes about pairTime.
func (c *comparison) size(ctx context.Context, s *series) error {
	s.operations = firstOperations
	for {
		candidate, baseline, err := c.both(ctx, s)
		if err != nil {
			return err
		}
		took, operations := candidate+baseline, s.operations
		s.resize(took)
		if took >= pairTime/2 || operations >= maxOperations {
			return nil
		}
	}
}

// resize makes the next pair take pairTime if it is as fast as the last one,
// which took so long. It goes there in steps, since any one time may be the
// machine's fault.
func (s *series) resize(took time.Duration) {
	const step = 4
	scale := min(max(float64(pairTime)/float64(took), 1.0/step), step)
	s.operations = int(min(max(scale*float64(s.operations), 1), maxOperations))
}

// pair adds one ratio to a series.
func (c *comparison) pair(ctx context.Context, s *series) error {
	candidate, baseline, err := c.both(ctx, s)
	if err != nil {
		return err
	}
	s.ratios = append(s.ratios, float64(candidate)/float64(baseline))
	s.resize(candidate + baseline)
	return nil
}

// both has the two sides do the same work. Which goes first changes from pair to
// pair, so that a machine that gets faster or slower favours neither.
func (c *comparison) both(ctx context.Context, s *series) (candidate, baseline time.Duration, err error) {
	request := protocol.Bench{
		Workload: s.workload.Name, Operations: s.operations, Seed: c.draw.Uint64(), Spin: c.options.Spin,
	}
	turns := []func() error{
		func() error { baseline, err = bench(ctx, c.baseline, BaselineSide, request); return err },
		func() error { candidate, err = bench(ctx, c.candidate, CandidateSide, request); return err },
	}
	if s.candidateFirst {
		slices.Reverse(turns)
	}
	s.candidateFirst = !s.candidateFirst
	for _, turn := range turns {
		if err := turn(); err != nil {
			return 0, 0, err
		}
	}
	return candidate, baseline, nil
}

func bench(ctx context.Context, b Bencher, side string, request protocol.Bench) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	elapsed, err := b.Bench(ctx, request)
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case err != nil:
		return 0, &Error{side, request.Workload, err}
	case elapsed <= 0:
		return 0, &Error{side, request.Workload, fmt.Errorf("%d operations took %v", request.Operations, elapsed)}
	}
	return elapsed, nil
}

// undecided lists the series that need another pair.
func (c *comparison) undecided() []*series {
	var open []*series
	for _, component := range result.Components() {
		if series := c.of(component); len(series) > 0 && !c.decided(component, series) {
			open = append(open, series...)
		}
	}
	return open
}

// decided reports whether a component's interval lies within one band, or the
// component was measured for long enough.
func (c *comparison) decided(component result.Component, series []*series) bool {
	rounds := len(series[0].ratios)
	if rounds < minRounds || rounds >= maxRounds {
		return rounds >= maxRounds
	}
	slowdown, _ := summarise(component, series)
	if _, straddles := c.border(slowdown); straddles {
		return false
	}
	best := len(c.options.Borders) == 0 || slowdown.High <= c.options.Borders[0]
	return best || rounds >= costlyRounds
}

func (c *comparison) of(component result.Component) []*series {
	var of []*series
	for _, s := range c.series {
		if s.workload.Component == component {
			of = append(of, s)
		}
	}
	return of
}

// border returns the first border inside the interval of a slowdown. A border
// belongs to the band below it.
func (c *comparison) border(s result.Slowdown) (float64, bool) {
	for _, b := range c.options.Borders {
		if s.Low <= b && b < s.High {
			return b, true
		}
	}
	return 0, false
}

func (c *comparison) measurement() *result.Measurement {
	m := &result.Measurement{Assumption: assumption}
	for _, component := range result.Components() {
		series := c.of(component)
		if len(series) == 0 {
			continue
		}
		slowdown, workloads := summarise(component, series)
		if border, straddles := c.border(slowdown); straddles {
			slowdown.Warnings = append(slowdown.Warnings, fmt.Sprintf(
				"after %d pairs of each workload the interval %.2f to %.2f still straddles the border of %g; the better band counts",
				len(series[0].ratios), slowdown.Low, slowdown.High, border))
		}
		m.Slowdown = append(m.Slowdown, slowdown)
		m.Workloads = append(m.Workloads, workloads...)
	}
	return m
}

// summarise makes the rows of a component's workloads and their geometric mean.
//
// The interval of the mean follows from those of the workloads by propagation of
// errors, on logarithms and for the two sides apart: the half-widths add up as
// the errors of independent measurements do, in squares.
func summarise(component result.Component, series []*series) (result.Slowdown, []result.Workload) {
	var rows []result.Workload
	var center, below, above float64
	for _, s := range series {
		row := s.summary()
		rows = append(rows, row)
		center += math.Log(row.Ratio)
		below += square(math.Log(row.Ratio / row.Low))
		above += square(math.Log(row.High / row.Ratio))
	}
	n := float64(len(series))
	return result.Slowdown{
		Component: component,
		Ratio:     math.Exp(center / n),
		Low:       math.Exp((center - math.Sqrt(below)) / n),
		High:      math.Exp((center + math.Sqrt(above)) / n),
	}, rows
}

func square(x float64) float64 { return x * x }

// summary is the median ratio of a workload with its interval.
func (s *series) summary() result.Workload {
	summary := benchmath.AssumeNothing.Summary(benchmath.NewSample(slices.Clone(s.ratios), &benchmath.DefaultThresholds), confidence)
	row := result.Workload{
		Component:  s.workload.Component,
		Name:       s.workload.Name,
		Goroutines: s.workload.Goroutines,
		Pairs:      len(s.ratios),
		Ratio:      summary.Center,
		Low:        summary.Lo,
		High:       summary.Hi,
		Confidence: summary.Confidence,
	}
	for _, w := range summary.Warnings {
		row.Warnings = append(row.Warnings, w.Error())
	}
	return row
}
