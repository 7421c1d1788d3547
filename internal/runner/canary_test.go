package runner

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"racebench/internal/planted"
	"racebench/internal/result"
)

func canaryOptions(t *testing.T) Options {
	b := race(t)
	return Options{Launcher: launcher(t), Plain: plain(t), Race: &b, Seed: 1}
}

func missed(checks []result.CanaryCheck) []string {
	var detectors []string
	for _, c := range checks {
		if !c.OK {
			detectors = append(detectors, c.Detector+": "+c.Message)
		}
	}
	return detectors
}

func TestCanary(t *testing.T) {
	began := time.Now()
	checks, err := Canary(context.Background(), canaryOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d checks in %v", len(checks), time.Since(began))
	if bad := missed(checks); len(bad) > 0 {
		t.Errorf("failed with every detector at work:\n%s", strings.Join(bad, "\n"))
	}
	for _, d := range planted.All() {
		if !slices.ContainsFunc(checks, func(c result.CanaryCheck) bool {
			return strings.HasPrefix(c.Detector, d.Detector) && c.Planted == (d.Kind != "")
		}) {
			t.Errorf("no check of %s, planted %v", d.Detector, d.Kind != "")
		}
	}
}

// Each detector that is left out has to be missed by the checks that are about
// it, and by no others.
func TestCanaryNoticesBlindness(t *testing.T) {
	for detector, blind := range map[string]Detectors{
		planted.Races:     {RaceLog: true},
		planted.Leaks:     {LeakProfile: true},
		planted.Histories: {History: true},
		planted.Dumps:     {Dumps: true},
	} {
		t.Run(detector, func(t *testing.T) {
			o := canaryOptions(t)
			o.Without = blind
			o.Timeout = 2 * time.Second
			checks, err := Canary(context.Background(), o)
			if err != nil {
				t.Fatal(err)
			}
			noticed := false
			for _, c := range checks {
				about := strings.HasPrefix(c.Detector, detector)
				if !c.OK && !(about && c.Planted) {
					t.Errorf("%s (planted %v) failed: %s", c.Detector, c.Planted, c.Message)
				}
				noticed = noticed || !c.OK && about
			}
			if !noticed {
				t.Errorf("nothing was missed without the %s", detector)
			}
		})
	}
}

// Workers that cannot be started leave every detector unproved, and the judge
// alive.
func TestCanaryWithoutWorkers(t *testing.T) {
	checks, err := Canary(t.Context(), Options{Launcher: []string{"/bin/true"}, Plain: Binary{Path: "/nowhere"}, RaceMode: RaceNone})
	if err != nil {
		t.Fatal(err)
	}
	if len(checks) <= maxHangs || len(missed(checks)) != len(checks) {
		t.Errorf("got %+v, want more than %d checks, all of them failed", checks, maxHangs)
	}
}
