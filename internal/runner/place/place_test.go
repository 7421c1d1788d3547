package place_test

import (
	"testing"

	"racebench/internal/result"
	"racebench/internal/runner/place"
)

func TestFrame(t *testing.T) {
	for _, c := range []struct {
		frame     place.Frame
		component result.Component
		position  result.Position
	}{
		{
			place.Frame{Function: "racebench/internal/cache.(*Cache[go.shape.struct { a/b.C; D [2]int },go.shape.int]).Get", File: "racebench/internal/cache/cache.go", Line: 7},
			result.Cache,
			result.Position{File: "cache/cache.go", Line: 7, Function: "cache.(*Cache).Get"},
		},
		{
			place.Frame{Function: "racebench/internal/workerpool.(*Pool[...]).worker", File: "/home/u/x/internal/workerpool/list.go", Line: 3},
			result.WorkerPool,
			result.Position{File: "workerpool/list.go", Line: 3, Function: "workerpool.(*Pool).worker"},
		},
		// A closure of the counter's that was inlined into a scenario.
		{
			place.Frame{Function: "racebench/internal/scenarios.totals.(*Counter).Add.func1", File: "racebench/internal/counter/counter.go", Line: 9},
			result.Counter,
			result.Position{File: "counter/counter.go", Line: 9, Function: "scenarios.totals.(*Counter).Add.func1"},
		},
		{
			place.Frame{Function: "sync.(*Mutex).Lock", File: "sync/mutex.go", Line: 46},
			"",
			result.Position{File: "sync/mutex.go", Line: 46, Function: "sync.(*Mutex).Lock"},
		},
		{
			place.Frame{Function: "internal/cache.Fake", File: "/go/src/internal/cache/cache.go", Line: 1},
			"",
			result.Position{File: "internal/cache/cache.go", Line: 1, Function: "cache.Fake"},
		},
		{
			place.Frame{Function: "racebench/internal/scenarios/harness.(*T).Until", File: "racebench/internal/scenarios/harness/latch.go", Line: 2},
			"",
			result.Position{File: "internal/scenarios/harness/latch.go", Line: 2, Function: "harness.(*T).Until"},
		},
	} {
		if got, ok := c.frame.Component(); ok != (c.component != "") || ok && got != c.component {
			t.Errorf("%s: component %q, %v", c.frame.Function, got, ok)
		}
		if got := c.frame.Position(); got != c.position {
			t.Errorf("%s: position %+v, want %+v", c.frame.Function, got, c.position)
		}
	}
}
