package scenarios

import (
	"testing"
)

// TestRight runs every scenario many times on the built-in components, which
// are right: nothing may be found.
func TestRight(t *testing.T) {
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			for seed := range uint64(20) {
				out := Execute(s, Config{Seed: seed})
				for _, v := range out.Violations {
					t.Fatalf("seed %d (%s): %+v\n%s", seed, out.Parameters, v, v.Stack)
				}
				if out.Operations == 0 {
					t.Fatalf("seed %d: no operation was counted", seed)
				}
			}
		})
	}
}

func BenchmarkScenario(b *testing.B) {
	for _, s := range All() {
		b.Run(s.Name, func(b *testing.B) {
			seed := uint64(0)
			for b.Loop() {
				Execute(s, Config{Seed: seed})
				seed++
			}
		})
	}
}
