package forcounter

import (
	"racebench/internal/counter"
	"racebench/internal/scenarios/harness"
)

// Probes returns the probes for over-locking of a counter.
func Probes() []harness.Scenario {
	return []harness.Scenario{
		{
			Name: "probe/counter-instances", Component: harness.Counter, Run: probeCounters, Calm: true,
			Doc:      "Goroutines use a counter of their own each, and none may ever wait for a lock.",
			Contract: []string{"L3"},
		},
	}
}

func probeCounters(t *harness.T) {
	t.Uncontended("internal/counter.", func() func(*harness.Client) {
		c := counter.New()
		return func(cl *harness.Client) {
			for i := range 2500 {
				c.RecordRequest(i%2 == 0, 1)
				c.Increment()
				if i%8 == 0 {
					c.Stats()
					c.SuccessRate()
					c.AverageProcessingTime()
				}
				if i%64 == 0 {
					c.Reset()
				}
			}
			cl.Step()
		}
	})
}
