package worker

import (
	"racebench/internal/protocol"
	"racebench/internal/scenarios/harness"
)

// bench does the work that performance is measured by. It does not return before
// that is done, so that the loop does nothing beside it. The second result checks
// what was done.
func bench(suite harness.Suite, q protocol.Bench) (protocol.BenchDone, func() *protocol.Violation) {
	w, ok := suite.Workload(q.Workload)
	if !ok {
		return protocol.BenchDone{Unknown: true}, nil
	}
	elapsed, check := w.Execute(q.Operations, q.Seed, q.Spin)
	return protocol.BenchDone{Operations: q.Operations, Elapsed: int64(elapsed)}, check
}
