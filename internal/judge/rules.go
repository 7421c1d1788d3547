package judge

import (
	"context"

	"racebench/internal/result"
	"racebench/internal/rules"
)

// rules applies the static rules to the candidate's sources.
func (j *judgement) rules(ctx context.Context) error {
	if !j.has(result.Toolchain) {
		return nil
	}
	j.progress(Progress{Phase: "static rules"})
	findings, err := j.applyRules(ctx, rules.Config{Sources: j.Candidate.Sources})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		j.trouble("static rules", err)
		return nil
	}
	j.res.RulesRan = true
	j.res.Findings = append(j.res.Findings, findings...)
	return nil
}
