package judge

import (
	"context"
	"fmt"

	"racebench/internal/result"
	"racebench/internal/rules"
	"racebench/internal/runner"
)

// canary shows planted defects and their right twins to every detector, with
// the binaries, flags and parsers of this run, in processes that never held
// candidate code. What it finds wrong makes the verdict inconclusive.
func (j *judgement) canary(ctx context.Context) error {
	if j.Canary != nil {
		j.res.Canary = j.Canary
		return nil
	}
	j.progress(Progress{Phase: "canary"})
	if j.Explore {
		j.exploreCanary(ctx)
		return nil
	}
	o := j.runnerOptions()
	o.Plain, o.Race = j.tools.canaryPlain, j.tools.canaryRace
	if j.Race == RaceOff {
		o.RaceMode = runner.RaceNone
	}
	checks, err := runner.Canary(ctx, o)
	if err != nil {
		return nil // ctx's: the judgement is interrupted
	}
	j.res.Canary = checks
	if j.Score && j.has(result.Toolchain) {
		j.res.Canary = append(j.res.Canary, j.rulesCanary(ctx)...)
	}
	if j.Score && j.has(result.ScheduleSearch) {
		j.exploreCanary(ctx)
	}
	return nil
}

// The static rules' planted defect, a lock that is created in each call, and
// its right twin.
const (
	plantedWrong = `package counter

import "sync"

type Counter struct{ n int }

func (c *Counter) Increment() {
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	c.n++
}
`
	plantedRight = `package counter

import "sync"

type Counter struct {
	mu sync.Mutex
	n  int
}

func (c *Counter) Increment() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}
`
)

func (j *judgement) rulesCanary(ctx context.Context) []result.CanaryCheck {
	check := func(source string, planted bool) result.CanaryCheck {
		c := result.CanaryCheck{Detector: "static rules", Planted: planted}
		findings, err := j.applyRules(ctx, rules.Config{
			Sources:  map[string][]byte{"counter/counter.go": []byte(source)},
			Packages: map[result.Component]string{result.Counter: "counter"},
		})
		switch {
		case err != nil:
			c.Message = err.Error()
		case planted == (len(findings) > 0):
			c.OK = true
		case planted:
			c.Message = "the planted lock per call was missed"
		default:
			c.Message = fmt.Sprintf("the right twin was accused: %s", findings[0].Message)
		}
		return c
	}
	return []result.CanaryCheck{check(plantedWrong, true), check(plantedRight, false)}
}
