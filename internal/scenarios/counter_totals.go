package scenarios

import (
	"time"

	"racebench/internal/counter"
)

func counterScenarios() []Scenario {
	return []Scenario{
		{
			Name: "counter/exact-totals", Component: Counter, Run: counterExactTotals,
			Doc:      "Every goroutine records a known number of requests; afterwards the totals are exactly the sum.",
			Contract: []string{"G1", "M1", "M2", "M6"},
		},
	}
}

func counterExactTotals(t *T) {
	c := counter.New()
	var want counter.Stats
	n, each := t.clients(3), t.size(400, 4)
	for id := range n {
		elapsed := time.Duration(id + 1)
		t.add(1, func(cl *Client) {
			for i := range each {
				switch i % 4 {
				case 3:
					c.Increment()
				default:
					c.RecordRequest(i%2 == 0, elapsed)
				}
				cl.step()
			}
		})
		for i := range each {
			want.Total++
			if i%4 == 3 {
				continue
			}
			want.ProcessingTime += elapsed
			if i%2 == 0 {
				want.Succeeded++
			} else {
				want.Failed++
			}
		}
	}
	t.run()
	total(t, "M1", "the totals are not the sum of what was recorded", want, c.Stats())
}
