package controlled

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"

	"racebench/internal/explore"
	"racebench/internal/result"
)

// plantedSource holds a defect and its right twin for each kind of evidence.
// All but one of the defects need a schedule that the default one is not.
//
//go:embed planted_test.go.txt
var plantedSource []byte

// plantedDefects are the tests of plantedSource, whose names end in Wrong and
// Right.
var plantedDefects = []struct {
	test     string
	kind     explore.Kind
	detector string
}{
	{"TestViolation", explore.Invariant, "controlled schedules: violations"},
	{"TestDeadlock", explore.Deadlock, "controlled schedules: deadlocks"},
	{"TestLockOrder", explore.LockOrder, "controlled schedules: lock order"},
	{"TestLeak", explore.Leak, "controlled schedules: leaks"},
	{"TestLivelock", explore.Livelock, "controlled schedules: livelocks"},
	{"TestPanic", explore.Panic, "controlled schedules: panics"},
}

// plantedSchedules is the number of schedules of each planted defect; the
// rarest shows in one of ten.
const plantedSchedules = 200

// Canary explores planted defects and their right twins in processes that never
// held a candidate's code: o.Sources has to be the built-in components. Blind
// leaves the findings out, for the tests of whoever has to notice. The error is
// racebench's own, or ctx's.
func Canary(ctx context.Context, o Options, blind bool) ([]result.CanaryCheck, error) {
	o.Schedules = plantedSchedules
	dir, err := os.MkdirTemp("", "racebench-planted-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	// Nobody reads the schedules, so none is reduced.
	r, err := o.run(ctx, dir, map[string][]byte{testPackage + "/planted_test.go": plantedSource},
		explore.Config{Minimise: -1, Progress: func(explore.Progress) {}})
	if err != nil {
		return nil, err
	}
	var checks []result.CanaryCheck
	for _, d := range plantedDefects {
		for _, wrong := range []bool{true, false} {
			c := result.CanaryCheck{Detector: d.detector, Planted: wrong}
			name := d.test + "Right"
			if wrong {
				name = d.test + "Wrong"
			}
			found, problem := foundIn(r, name)
			if blind {
				found = nil
			}
			switch {
			case problem != "":
				c.Message = problem
			case wrong:
				c.OK = slices.ContainsFunc(found, func(f *explore.Finding) bool {
					return f.Kind == d.kind && f.Confirmed && (d.kind != explore.Invariant || len(violations(f.Output)) == 1)
				})
				if !c.OK {
					c.Message = fmt.Sprintf("%s was missed: want %s, saw %s", name, d.kind, kinds(found))
				}
			default:
				c.OK = len(found) == 0
				if !c.OK {
					c.Message = fmt.Sprintf("%s is right and was accused: %s", name, kinds(found))
				}
			}
			checks = append(checks, c)
		}
	}
	return checks, nil
}

// foundIn are the findings of one test, or why there can be none.
func foundIn(r *explore.Report, test string) (found []*explore.Finding, problem string) {
	for _, p := range r.Packages {
		if p.Error != "" {
			return nil, p.Error
		}
		for _, t := range p.Tests {
			if t.Name == test {
				return t.Findings, t.Error
			}
		}
	}
	return nil, test + " was not run"
}

func kinds(found []*explore.Finding) string {
	var all []string
	for _, f := range found {
		all = append(all, fmt.Sprintf("%s (%s)", f.Kind, f.Message))
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, ", ")
}
