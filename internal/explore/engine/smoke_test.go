package engine

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestSmoke(t *testing.T) {
	dir := os.Getenv("SMOKE_DIR")
	if dir == "" {
		t.Skip()
	}
	ctx := context.Background()
	b, err := NewBuilder(ctx, Target{Dir: dir, Patterns: []string{"."}, Race: os.Getenv("SMOKE_RACE") != "", Cache: "/tmp/eng/cache"})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(b.Toolchain, b.Packages, b.Tested)
	bin, err := b.Build(ctx, b.Packages[0], "/tmp/eng")
	if err != nil {
		t.Fatal(err)
	}
	opt := Options{Tested: b.Tested, Bound: 20000, Fair: 200000, Epoch: time.Now(), Horizon: time.Second, Timeout: 10 * time.Minute, Slip: 10 * time.Millisecond, Stall: 10 * time.Second, Run: os.Getenv("SMOKE_RUN")}
	p, err := Start(ctx, bin, opt)
	if err != nil {
		t.Fatal(err)
	}
	tests := p.Tests
	fmt.Println(tests)
	mixes := [][]Strategy{{{Kind: Random}}, {{Kind: PCT, Depth: 3}}, {{Kind: POS}}, {{Kind: Sticky, Stay: 7}}}
	for _, name := range tests {
		for _, mix := range mixes {
			start := time.Now()
			from := uint64(0)
			stop := false
			var runs, steps int
			fps := map[uint64]bool{}
			def := true
			for from < 2000 && !stop {
				tot, err := p.Explore(Job{Test: name, Mix: mix, Seed: 1, From: from, Count: 2000 - from, Default: def}, func(o *Outcome) bool {
					fmt.Printf("  %s %v idx=%d %v steps=%d switches=%d left=%d exit=%d %s races=%d\n", name, o.Strategy, int64(o.Index), o.Evidence, o.Steps, len(o.Switches), len(o.Left), o.ExitCode, o.PanicText, len(o.Races))
					if o.Index != DefaultIndex && !(len(o.Evidence) == 1 && (o.Has(Leak)||o.Has(LockOrder))) {
						stop = true
					}
					return !stop
				})
				def = false
				if err != nil {
					t.Fatal(err)
				}
				runs += tot.Runs
				steps += tot.Steps
				for _, f := range tot.Fingerprints { fps[f] = true }
				from = tot.Next
				if tot.Retire || stop {
					p.Close()
					if p, err = Start(ctx, bin, opt); err != nil {
						t.Fatal(err)
					}
				}
			}
			d := time.Since(start)
			fmt.Printf("%s %v runs=%d steps/run=%.0f distinct=%d %.0f/s\n", name, mix, runs, float64(steps)/float64(max(runs,1)), len(fps), float64(runs)/d.Seconds())
		}
	}
	p.Close()
}
