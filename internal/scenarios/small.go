package scenarios

import (
	"fmt"

	"racebench/internal/model"
	"racebench/internal/protocol"
	"racebench/internal/scenarios/harness"
)

// maxConfigurations bounds the search for a linearization in RunTest.
const maxConfigurations = 1 << 16

// RunTest runs a scenario of All once in small mode and returns what is wrong:
// broken invariants, and histories that are not linearizable, which it checks
// itself. It is what an ordinary Go test calls to have the schedules of a
// scenario explored. Under a controlled scheduler on one processor the clock is
// Steps. An error says that there is no such scenario, or that it has no small
// mode.
func RunTest(name string, cfg harness.Config) ([]protocol.Violation, error) {
	cfg.Small = true
	for _, s := range All() {
		if s.Name != name {
			continue
		}
		if s.Stress {
			return nil, fmt.Errorf("scenarios: %s has no small mode", name)
		}
		out := harness.Execute(s, cfg)
		found := out.Violations
		for _, h := range out.Histories {
			if ok, decided := model.Linearizable(h, maxConfigurations); decided && !ok {
				v := harness.NewViolation(harness.KindNotLinearizable, model.Sentence(h.Model),
					"no order of the calls explains what they returned", "a linearizable history", describe(h))
				v.History = &h
				found = append(found, v)
			}
		}
		return found, nil
	}
	return nil, fmt.Errorf("scenarios: no scenario %q", name)
}

// describe writes a small history for a reader.
func describe(h protocol.History) string {
	m, ok := model.For(h.Model)
	if !ok {
		return h.Model
	}
	text := ""
	for _, op := range h.Ops {
		text += fmt.Sprintf("client %d [%d, %d] %s\n", op.Client, op.Call, op.Return, m.Describe(op, op.Out))
	}
	return text
}
