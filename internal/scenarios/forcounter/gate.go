package forcounter

import (
	"fmt"
	"math"
	"time"

	"racebench/internal/counter"
	"racebench/internal/model"
	"racebench/internal/scenarios/harness"
)

// Gate returns the scenario in which one goroutine calls every method, with fresh
// random values.
func Gate() harness.Scenario {
	return harness.Scenario{
		Name: "gate/counter", Component: harness.Counter, Run: gateCounter, Calm: true,
		Doc:      "One goroutine calls every method of counters; each answer is that of the model.",
		Contract: []string{"M1", "M2", "M3", "M4", "M5", "G3"},
	}
}

func gateCounter(t *harness.T) {
	many := counter.New()
	for range harness.Laps {
		many.RecordRequest(true, 3)
		many.RecordRequest(false, 5)
		many.Increment()
	}
	want := counter.Stats{Total: 3 * harness.Laps, Succeeded: harness.Laps, Failed: harness.Laps, ProcessingTime: 8 * harness.Laps}
	if got := many.Reset(); got != want {
		t.Differs("M1", fmt.Sprintf("Reset after %d requests of each sort", harness.Laps), fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	}
	t.LeavesNobody("requests", func() {
		for range 1000 {
			many.RecordRequest(true, 1)
			many.RecordRequest(false, 1)
			many.Increment()
		}
	})
	many.Reset()
	// Times of years: whatever the total is kept in, it is exact.
	const years = math.MaxInt64 / 4
	long := counter.New()
	long.RecordRequest(true, years)
	long.RecordRequest(false, years)
	long.RecordRequest(false, math.MinInt64)
	long.RecordRequest(true, 1)
	want = counter.Stats{Total: 4, Succeeded: 2, Failed: 2, ProcessingTime: 2*years + 1}
	if got := long.Stats(); got != want {
		t.Differs("M1", "Stats after requests that took years", fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	}
	const average = time.Duration((2*years + 1) / 4)
	if got := long.AverageProcessingTime(); got != average {
		t.Differs("M5", "AverageProcessingTime of requests that took years", int64(average), int64(got))
	}
	if got := want.AverageProcessingTime(); got != average {
		t.Differs("M5", "AverageProcessingTime of Stats of requests that took years", int64(average), int64(got))
	}
	if got := long.Reset(); got != want {
		t.Differs("M4", "Reset after requests that took years", fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))
	}
	t.Step()
	for range 3 {
		c := counter.New()
		for range 150 {
			called := t.Now()
			switch t.Rand.IntN(14) {
			case 0, 1, 2, 3, 4:
				success, elapsed := t.Rand.IntN(3) > 0, t.Rand.Int64N(1e9)
				if t.Rand.IntN(8) == 0 {
					elapsed = -elapsed
				}
				c.RecordRequest(success, time.Duration(elapsed))
				t.Record(called, model.CounterRecord, []int64{harness.Bit(success), elapsed}, nil)
			case 5, 6:
				c.Increment()
				t.Record(called, model.CounterIncrement, nil, nil)
			case 7, 8:
				t.Record(called, model.CounterStats, nil, counterStats(c.Stats()))
			case 9:
				if t.Rand.IntN(4) == 0 {
					t.Record(called, model.CounterReset, nil, counterStats(c.Reset()))
				} else {
					t.Record(called, model.CounterStats, nil, counterStats(c.Stats()))
				}
			case 10:
				t.Record(called, model.CounterSuccessRate, nil, bits(c.SuccessRate()))
			case 11:
				t.Record(called, model.CounterStatsRate, nil, bits(c.Stats().SuccessRate()))
			case 12:
				t.Record(called, model.CounterAverage, nil, []int64{int64(c.AverageProcessingTime())})
			default:
				t.Record(called, model.CounterStatsAverage, nil, []int64{int64(c.Stats().AverageProcessingTime())})
			}
		}
		called := t.Now()
		t.Record(called, model.CounterReset, nil, counterStats(c.Reset()))
		called = t.Now()
		t.Record(called, model.CounterStats, nil, counterStats(c.Stats()))
		t.History(model.Counter, nil)
	}
}

func bits(f float64) []int64 { return []int64{int64(math.Float64bits(f))} }
