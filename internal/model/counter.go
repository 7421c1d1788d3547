package model

import (
	"fmt"
	"math"
	"slices"
	"time"

	"racebench/internal/protocol"
)

// The operations of the counter. There is no Init.
const (
	CounterRecord      = "record"    // in: success (0 or 1), elapsed in ns
	CounterIncrement   = "increment" //
	CounterStats       = "stats"     // out: total, succeeded, failed, processing time
	CounterReset       = "reset"     // out: as stats
	CounterSuccessRate = "success-rate"
	// CounterAverage returns nanoseconds; success-rate the bits of a float64.
	CounterAverage = "average"
	// CounterStatsRate and CounterStatsAverage are the methods of Stats, called
	// on a fresh snapshot.
	CounterStatsRate    = "stats-rate"
	CounterStatsAverage = "stats-average"
)

var counterShapes = map[string]shape{
	CounterRecord: {2, 0}, CounterIncrement: {0, 0}, CounterStats: {0, 4}, CounterReset: {0, 4},
	CounterSuccessRate: {0, 1}, CounterAverage: {0, 1}, CounterStatsRate: {0, 1}, CounterStatsAverage: {0, 1},
}

type counterModel struct{}

func (counterModel) Init(params []int64) (State, error) {
	if len(params) != 0 {
		return "", errParams
	}
	return new(counterState).State(), nil
}

// counterState is Total, Succeeded, Failed and ProcessingTime.
type counterState [4]int64

// State encodes the state.
func (c *counterState) State() State {
	e := make(encoder, 0, 16)
	for _, x := range c {
		e.int(x)
	}
	return State(e)
}

func (counterModel) At(s State) Machine {
	d := decoder(s)
	return &counterState{d.int(), d.int(), d.int(), d.int()}
}

// Step executes an operation.
func (c *counterState) Step(op protocol.Operation) (want []int64, ok bool) {
	switch op.Name {
	case CounterRecord:
		c[0]++
		if op.In[0] != 0 {
			c[1]++
		} else {
			c[2]++
		}
		c[3] += max(0, op.In[1])
	case CounterIncrement:
		c[0]++
	case CounterStats:
		want = c[:]
	case CounterReset:
		zeroed := *c
		want = zeroed[:]
		*c = counterState{}
	case CounterSuccessRate, CounterStatsRate:
		rate := 0.0
		if c[0] > 0 {
			rate = float64(c[1]) / float64(c[0])
		}
		want = []int64{int64(math.Float64bits(rate))}
		return want, closeTo(want[0], op.Out[0])
	case CounterAverage, CounterStatsAverage:
		want = []int64{0}
		if n := c[1] + c[2]; n > 0 {
			want[0] = c[3] / n
		}
		// Rounding is not in the contract.
		return want, op.Out[0] >= want[0]-1 && op.Out[0] <= want[0]+1
	default:
		return nil, false
	}
	return want, slices.Equal(want, op.Out)
}

func (counterModel) Describe(op protocol.Operation, out []int64) string {
	stats := func() string {
		return fmt.Sprintf("{Total:%d Succeeded:%d Failed:%d ProcessingTime:%v}",
			at(out, 0), at(out, 1), at(out, 2), time.Duration(at(out, 3)))
	}
	switch op.Name {
	case CounterRecord:
		return fmt.Sprintf("RecordRequest(%t, %v)", at(op.In, 0) != 0, time.Duration(at(op.In, 1)))
	case CounterIncrement:
		return "Increment()"
	case CounterStats:
		return "Stats() = " + stats()
	case CounterReset:
		return "Reset() = " + stats()
	case CounterSuccessRate:
		return fmt.Sprintf("SuccessRate() = %v", math.Float64frombits(uint64(at(out, 0))))
	case CounterStatsRate:
		return fmt.Sprintf("Stats().SuccessRate() = %v", math.Float64frombits(uint64(at(out, 0))))
	case CounterAverage:
		return fmt.Sprintf("AverageProcessingTime() = %v", time.Duration(at(out, 0)))
	case CounterStatsAverage:
		return fmt.Sprintf("Stats().AverageProcessingTime() = %v", time.Duration(at(out, 0)))
	}
	return op.Name
}
