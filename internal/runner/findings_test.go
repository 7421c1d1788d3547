package runner

import (
	"testing"

	"racebench/internal/result"
)

const initialDump = `goroutine 19 [runnable]:
racebench/internal/counter.init.0.func1()
	/build/racebench/internal/counter/counter.go:42 +0x1d
created by racebench/internal/counter.init.0 in goroutine 1
	/build/racebench/internal/counter/counter.go:36 +0x1e
`

// TestInitialGoroutines: a goroutine of a package's initialisation is there in
// every scenario, and is held against the component that started it alone, at
// the line that did.
func TestInitialGoroutines(t *testing.T) {
	f, found, err := initialFinding(Scenario{Name: "gate/counter", Component: result.Counter}, initialDump)
	if err != nil || !found {
		t.Fatalf("found %v, error %v", found, err)
	}
	want := result.Position{File: "counter/counter.go", Line: 36, Function: "counter.init.0"}
	if f.Kind != result.GoroutineLeak || f.Component != result.Counter || len(f.Positions) != 1 || f.Positions[0] != want {
		t.Errorf("%+v, want a leak of the counter at %+v", f, want)
	}
	for _, other := range []result.Component{result.Cache, result.WorkerPool} {
		if f, found, err := initialFinding(Scenario{Name: "gate/" + string(other), Component: other}, initialDump); err != nil || found {
			t.Errorf("%s: %+v, error %v, want nothing", other, f, err)
		}
	}
}
