package minimise

import (
	"context"
	"testing"

	"racebench/internal/explore/schedule"
)

func numbered(n int) []schedule.Switch {
	var s []schedule.Switch
	for i := range n {
		s = append(s, schedule.Switch{Occurrence: i})
	}
	return s
}

// needs returns a Test that fails when all the given occurrences are present.
func needs(calls *int, want ...int) Test {
	return func(_ context.Context, s []schedule.Switch) (bool, error) {
		*calls++
		have := map[int]bool{}
		for _, x := range s {
			have[x.Occurrence] = true
		}
		for _, w := range want {
			if !have[w] {
				return false, nil
			}
		}
		return true, nil
	}
}

func TestMinimise(t *testing.T) {
	for _, want := range [][]int{{}, {0}, {63}, {5, 6}, {1, 31, 62}, {0, 1, 2, 3}} {
		calls := 0
		got, minimal, err := Minimise(t.Context(), numbered(64), needs(&calls, want...))
		if err != nil || !minimal {
			t.Fatal(minimal, err)
		}
		if len(got) != len(want) {
			t.Errorf("%v: got %v", want, got)
			continue
		}
		for i := range want {
			if got[i].Occurrence != want[i] {
				t.Errorf("%v: got %v", want, got)
			}
		}
		if calls > 200 {
			t.Errorf("%v: %d runs", want, calls)
		}
	}
}

func TestMinimiseStopsAtDeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	fails := func(ctx context.Context, s []schedule.Switch) (bool, error) {
		if calls++; calls == 3 {
			cancel()
		}
		return false, nil
	}
	got, minimal, err := Minimise(ctx, numbered(16), fails)
	if err != nil || minimal || len(got) != 16 {
		t.Errorf("got %d switches, minimal %v, %v", len(got), minimal, err)
	}
}
