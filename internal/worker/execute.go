package worker

import (
	"racebench/internal/planted"
	"racebench/internal/protocol"
	"racebench/internal/scenarios/harness"
)

// execute runs a scenario or a planted defect and returns when it has ended,
// which may be never.
func execute(suite harness.Suite, q protocol.Run, p *harness.Progress) protocol.Outcome {
	if d, ok := planted.Find(q.Scenario); ok {
		return planted.Execute(d)
	}
	if sc, ok := suite.Scenario(q.Scenario); ok {
		return harness.Execute(sc, harness.Config{Seed: q.Seed, Progress: p})
	}
	return protocol.Outcome{Unknown: true}
}
