package forcounter

import (
	"math"
	"time"

	"racebench/internal/counter"
	"racebench/internal/model"
	"racebench/internal/scenarios/harness"
)

// counterHistories records small histories, each of a counter of its own.
func counterHistories(t *harness.T) {
	for range t.Size(6, 1) {
		c := counter.New()
		drawPace(t).warm(t, c)
		c.Reset()
		t.Add(min(t.Clients(3), 4), func(cl *harness.Client) {
			only := cl.Rand.IntN(12)
			for range t.Size(8, 3) {
				op := cl.Rand.IntN(7)
				if only < 7 {
					op = only
				}
				called := cl.Now()
				switch op {
				case 0, 1:
					success, elapsed := cl.Rand.IntN(2) == 0, cl.Rand.IntN(9)-2
					c.RecordRequest(success, time.Duration(elapsed))
					cl.Record(called, model.CounterRecord, []int64{harness.Bit(success), int64(elapsed)}, nil)
				case 2:
					c.Increment()
					cl.Record(called, model.CounterIncrement, nil, nil)
				case 3:
					cl.Record(called, model.CounterStats, nil, counterStats(c.Stats()))
				case 4:
					cl.Record(called, model.CounterReset, nil, counterStats(c.Reset()))
				case 5:
					rate := c.SuccessRate()
					cl.Record(called, model.CounterSuccessRate, nil, []int64{int64(math.Float64bits(rate))})
				default:
					average := c.AverageProcessingTime()
					cl.Record(called, model.CounterAverage, nil, []int64{int64(average)})
				}
			}
		})
		t.Run()
		t.History(model.Counter, nil)
	}
}

func counterStats(s counter.Stats) []int64 {
	return []int64{int64(s.Total), int64(s.Succeeded), int64(s.Failed), int64(s.ProcessingTime)}
}
