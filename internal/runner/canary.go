package runner

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"racebench/internal/planted"
	"racebench/internal/result"
)

// Canary runs the planted defects and their right twins in workers that never
// held a candidate's code: Plain and Race have to be the very variants of the
// run, built from the built-in components. Flags, watch, parsers and detectors
// are those of Run.
//
// What a binary lacks is not checked: that it is missing is said elsewhere. The
// error is ctx's.
func Canary(ctx context.Context, options Options) ([]result.CanaryCheck, error) {
	// Nothing happens in a planted defect that would take long, so the watch
	// may look more often than beside a candidate. What it takes for a proof is
	// the same.
	options.stall = 40 * time.Millisecond
	options.spinCPU = 100 * time.Millisecond
	options.Sources = map[string][]byte{"planted.go": []byte("package planted")}
	o := options.withDefaults()

	var plain, race []planted.Defect
	for _, d := range planted.All() {
		if !d.NeedsRace {
			plain = append(plain, d)
		}
		if d.NeedsRace || d.NeedsLeakProfile {
			race = append(race, d)
		}
	}
	var fromPlain, fromRace []result.CanaryCheck
	var both sync.WaitGroup
	both.Go(func() { fromPlain = canary(ctx, o, plain, noisy) })
	if o.Race != nil && o.RaceMode != RaceNone {
		both.Go(func() { fromRace = canary(ctx, o, race, raced) })
	}
	both.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return append(fromPlain, fromRace...), nil
}

// canary runs defects one after another in one kind of worker.
func canary(ctx context.Context, o *Options, defects []planted.Defect, v variant) []result.CanaryCheck {
	l := newLane(newRun(ctx, o))
	defer l.close()
	var checks []result.CanaryCheck
	for _, d := range defects {
		if ctx.Err() != nil {
			return nil
		}
		sc := Scenario{Name: d.Name, Component: result.Counter}
		c := result.CanaryCheck{Detector: d.Detector, Planted: d.Kind != ""}
		if v == raced {
			c.Detector += " (race worker)"
		}
		p, failure := l.worker(ctx, sc, v)
		if p == nil {
			c.Message = trouble(*failure)
			checks = append(checks, c)
			continue
		}
		if d.NeedsLeakProfile && !p.ready.LeakProfile {
			continue
		}
		obs := l.settle(v, p.execute(ctx, o, sc, o.Seed, o.Timeout, false))
		l.check(ctx, sc, &obs)
		c.OK, c.Message = assess(d, obs)
		checks = append(checks, c)
	}
	return checks
}

// assess compares what was seen of a defect with what it is.
func assess(d planted.Defect, obs observation) (ok bool, message string) {
	if d.Kind == "" {
		if obs.ending == completed && len(obs.findings) == 0 && obs.undecided == 0 && obs.trouble == "" {
			return true, ""
		}
		return false, fmt.Sprintf("%s is right and was accused: %s", d.Name, trouble(obs))
	}
	for _, f := range obs.findings {
		if string(f.Kind) == d.Kind && strings.Contains(f.Observed, proofOf(d.Detector)) {
			return true, ""
		}
	}
	return false, fmt.Sprintf("%s was missed: want %s, saw %s", d.Name, d.Kind, trouble(obs))
}

// proofOf is what the finding of a detector names as its proof, where another
// detector could have come to the same kind of finding.
func proofOf(detector string) string {
	switch detector {
	case planted.Leaks:
		return proofLeak
	case planted.Dumps:
		return proofDump
	}
	return ""
}

// trouble describes an observation in a line.
func trouble(obs observation) string {
	var parts []string
	if obs.trouble != "" {
		parts = append(parts, obs.trouble)
	}
	for _, f := range obs.findings {
		parts = append(parts, fmt.Sprintf("%s (%s)", f.Kind, f.Message))
	}
	if obs.undecided > 0 {
		parts = append(parts, "an undecided history")
	}
	if obs.ending == overtime {
		parts = append(parts, "no end")
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
