// Package forcounter holds what is asked of a counter: scenarios, the gate, probes for
// over-locking, and the work by which performance is measured.
package forcounter

import "racebench/internal/scenarios/harness"

// Scenarios returns those of the counter, in the order in which they run.
func Scenarios() []harness.Scenario {
	return []harness.Scenario{
		{
			Name: "counter/exact-totals", Component: harness.Counter, Run: counterExactTotals,
			Doc:      "Every goroutine records a known number of requests of every sort; afterwards the totals are exactly the sums.",
			Contract: []string{"G1", "M1", "M2", "M6"},
		},
		{
			Name: "counter/increment-storm", Component: harness.Counter, Run: counterIncrements,
			Doc:      "Goroutines do nothing but Increment, or nothing but RecordRequest, as fast as they can; no update is lost.",
			Contract: []string{"M1", "M2"},
		},
		{
			Name: "counter/snapshot", Component: harness.Counter, Run: counterSnapshot,
			Doc: "Successes take 3 ns and failures 5 ns. In every snapshot Total is their number, and ProcessingTime is what they " +
				"took; a later one never shows less.",
			Contract: []string{"M1", "M3"},
		},
		{
			Name: "counter/increment-snapshot", Component: harness.Counter, Run: counterIncrementSnapshot,
			Doc:      "Goroutines increment and record in turns, so in every snapshot the two are nearly as many.",
			Contract: []string{"M2", "M3"},
		},
		{
			Name: "counter/conservation", Component: harness.Counter, Run: counterConservation,
			Doc: "Goroutines reset while others record. What all Resets returned plus the last Stats is everything recorded, and " +
				"each of them is a snapshot.",
			Contract: []string{"M1", "M4"},
		},
		{
			Name: "counter/reset-once", Component: harness.Counter, Run: counterResetOnce,
			Doc:      "Several goroutines reset a counter at the same moment. What was recorded is returned to exactly one of them.",
			Contract: []string{"M4"},
		},
		{
			Name: "counter/reset-prefix", Component: harness.Counter, Run: counterPrefix,
			Doc: "Goroutines succeed, fail or increment in turns while another resets. What the Resets returned so far is, of each " +
				"goroutine, what it recorded first.",
			Contract: []string{"M2", "M3", "M4", "M6"},
		},
		{
			Name: "counter/rates", Component: harness.Counter, Run: counterRates,
			Doc: "Every request succeeds and takes 7 ns, and resets happen: the rate is never anything but 1, or 0 when there is " +
				"none, and the average never anything but 7 ns or 0.",
			Contract: []string{"M4", "M5"},
		},
		{
			Name: "counter/mixed-rates", Component: harness.Counter, Run: counterMixedRates,
			Doc: "Failures and increments come in turns with successes, so the rate and the average of one snapshot stay within " +
				"narrow bounds.",
			Contract: []string{"M3", "M5"},
		},
		{
			Name: "counter/rate-order", Component: harness.Counter, Run: counterRateOrder,
			Doc: "Every request lowers the rate, and none lowers the average. Whoever has seen one of them, or a snapshot, never " +
				"sees an earlier state by another method.",
			Contract: []string{"M3", "M5", "M6"},
		},
		{
			Name: "counter/own-records", Component: harness.Counter, Run: counterOwnRecords,
			Doc:      "Whoever has recorded sees at least that in the next snapshot; a negative time counts as none.",
			Contract: []string{"M1", "M3", "M6"},
		},
		{
			Name: "counter/one-writer", Component: harness.Counter, Run: counterOneWriter,
			Doc: "One goroutine alone records, increments and resets, while others look. Every answer that it gets is that of its own " +
				"calls.",
			Contract: []string{"M1", "M2", "M4", "M5", "M6"},
		},
		{
			Name: "counter/many", Component: harness.Counter, Run: counterMany,
			Doc: "Many fresh counters are used by several goroutines from their first moment on. Each has its own totals, and " +
				"those only.",
			Contract: []string{"G1", "M1", "M4", "M6"},
		},
		{
			Name: "counter/memory", Component: harness.Counter, Run: counterMemory, Stress: true,
			Doc:      "Many requests are recorded and many counters made; neither may leave anything behind.",
			Contract: []string{"G4"},
		},
		{
			Name: "counter/linearizable", Component: harness.Counter, Run: counterHistories,
			Doc:      "Small histories of every method, for the linearizability check.",
			Contract: []string{"G1", "M1", "M2", "M3", "M4", "M5", "M6"},
		},
	}
}
