package judge

import (
	"context"
	"fmt"
	"time"

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

// rulesPatience is some hundred times what the static rules take for a component as
// large as any that was seen. Somebody may hand in one that is made to take longer.
const rulesPatience = 3 * time.Minute

// applyRules is the one way to the static rules, for candidate and canary.
func (j *judgement) applyRules(ctx context.Context, cfg rules.Config) ([]result.Finding, error) {
	if j.Blind.Rules {
		return nil, nil
	}
	cfg.Go = j.tools.builder.Toolchain().Go
	cfg.Env, cfg.Flags = j.tools.builder.Standard()
	type answer struct {
		findings []result.Finding
		err      error
	}
	done := make(chan answer, 1)
	go func() {
		findings, err := rules.Check(ctx, cfg)
		done <- answer{findings, err}
	}()
	// An analysis cannot be broken off; one that has not ended by then is left alone.
	select {
	case a := <-done:
		return a.findings, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(rulesPatience):
		return nil, fmt.Errorf("they have not come to an end within %v", rulesPatience)
	}
}
