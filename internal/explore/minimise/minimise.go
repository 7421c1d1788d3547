// Package minimise reduces a failing schedule to one from which no switch can
// be left out.
package minimise

import (
	"context"

	"racebench/internal/explore/schedule"
)

// A Test runs a schedule and reports whether it still fails in the same way.
type Test func(context.Context, []schedule.Switch) (bool, error)

// Minimise returns a part of the switches that still fails, in order. It is
// minimal, in the sense that it passes without any one of them, if the second
// result is true; otherwise ctx ended before that was known, and the first
// result is the best so far.
//
// It is delta debugging (Zeller, Hildebrandt: Simplifying and isolating
// failure-inducing input, IEEE TSE 2002): first halves, quarters and so on are
// left out, then single switches until none can be.
func Minimise(ctx context.Context, switches []schedule.Switch, fails Test) ([]schedule.Switch, bool, error) {
	best := switches
	for size := (len(best) + 1) / 2; size >= 1; {
		removed := false
		for at := 0; at < len(best); {
			if ctx.Err() != nil {
				return best, false, nil
			}
			end := min(at+size, len(best))
			candidate := append(append([]schedule.Switch(nil), best[:at]...), best[end:]...)
			bad, err := fails(ctx, candidate)
			if err != nil {
				if ctx.Err() != nil {
					return best, false, nil
				}
				return best, false, err
			}
			if bad {
				best, removed = candidate, true
				continue // what follows has moved to at
			}
			at = end
		}
		if size > 1 {
			size = (size + 1) / 2
			if size > len(best) {
				size = max(len(best), 1)
			}
			continue
		}
		if !removed {
			break
		}
	}
	return best, true, nil
}
