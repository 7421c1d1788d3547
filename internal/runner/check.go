package runner

import (
	"context"
	"fmt"
	"strings"
	"time"

	"racebench/internal/history"
	"racebench/internal/model"
	"racebench/internal/protocol"
	"racebench/internal/result"
)

// checkTime is what the check of one history may take beside everything else; a
// history of a right component takes a small part of it.
const checkTime = 2 * time.Second

// check decides the recorded histories in the judge's own process. One that is
// not decided in time is checked again alone, with ten times as much; one that
// still is not counts as undecided, which is neither a pass nor a finding.
func (l *lane) check(ctx context.Context, sc Scenario, obs *observation) {
	if l.run.o.Without.History {
		return
	}
	for _, h := range obs.outcome.Histories {
		if ctx.Err() != nil {
			return
		}
		if strings.HasPrefix(sc.Name, gatePrefix) {
			replay(sc, h, obs)
			continue
		}
		verdict, why := history.Check(h, checkTime)
		if verdict == history.Unknown {
			l.run.alone.Lock()
			verdict, why = history.Check(h, 10*checkTime)
			l.run.alone.Unlock()
		}
		switch verdict {
		case history.Unknown:
			obs.undecided++
		case history.Illegal:
			obs.findings = append(obs.findings, historyFinding(sc, h.Model, why, obs.outcome.Parameters))
		}
	}
}

// gatePrefix begins the names of the scenarios that drive a component by one
// goroutine.
const gatePrefix = "gate/"

// replay steps a history of one goroutine through the sequential model.
func replay(sc Scenario, h protocol.History, obs *observation) {
	d, err := history.Replay(h)
	if err != nil {
		obs.undecided++
		obs.trouble = fmt.Sprintf("%s: %v", sc.Name, err)
		return
	}
	if d == nil {
		return
	}
	f := found(sc, result.Behaviour, "a call answers differently from the contract, with one goroutine alone")
	f.Expected, f.Observed = d.Expected, d.Observed
	f.Contract = d.Contract
	if len(d.Before) > 0 {
		f.Detail = append(f.Detail, fmt.Sprintf("that was call %d; the ones just before it:", d.Index+1))
	}
	f.Detail = append(f.Detail, d.Before...)
	obs.findings = append(obs.findings, f)
}

// historyFinding shows why a history is not linearizable.
func historyFinding(sc Scenario, of, why, parameters string) result.Finding {
	f := found(sc, result.NotLinearizable, "no order of the calls explains what they returned")
	f.Contract = []string{model.Sentence(of)}
	f.Expected = "a linearizable history"
	f.Observed = "no possible order"
	f.Detail = append(f.Detail, strings.Split(why, "\n")...)
	if parameters != "" {
		f.Detail = append(f.Detail, parameters)
	}
	return f
}
