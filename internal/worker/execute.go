package worker

import (
	"racebench/internal/planted"
	"racebench/internal/protocol"
	"racebench/internal/scenarios"
	"racebench/internal/scenarios/harness"
)

// names lists everything that execute knows.
func names() []string {
	var list []string
	for _, group := range [][]harness.Scenario{scenarios.All(), scenarios.Gates(), scenarios.Probes()} {
		for _, s := range group {
			list = append(list, s.Name)
		}
	}
	for _, d := range planted.All() {
		list = append(list, d.Name)
	}
	return list
}

// execute runs a scenario or a planted defect and returns when it has ended,
// which may be never.
func execute(q protocol.Run, p *harness.Progress) protocol.Outcome {
	if d, ok := planted.Find(q.Scenario); ok {
		return planted.Execute(d)
	}
	if sc, ok := scenarios.Find(q.Scenario); ok {
		return harness.Execute(sc, harness.Config{Seed: q.Seed, Progress: p})
	}
	return protocol.Outcome{Unknown: true}
}
