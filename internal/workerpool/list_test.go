package workerpool

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"racebench/internal/contracttest"
)

// TestList compares a list with a slice, over several blocks, and looks for what
// a list keeps alive that it does not hold any more (G4).
func TestList(t *testing.T) {
	contracttest.FixSeed(t)
	rapid.Check(t, func(t *rapid.T) {
		var l list[*int]
		var want []*int
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for i := range rapid.IntRange(1, 3*maxBlock).Draw(t, "times") {
					want = append(want, &i)
					l.push(&i)
				}
			},
			"pop": func(t *rapid.T) {
				for range rapid.IntRange(0, len(want)).Draw(t, "times") {
					if got := l.pop(); got != want[0] {
						t.Fatalf("pop() = %v, want %v", got, want[0])
					}
					want = want[1:]
				}
			},
			"": func(t *rapid.T) {
				if got := l.slice(); l.len != len(want) || !slices.Equal(got, want) {
					t.Fatalf("the list holds %d elements %v, want %d %v", l.len, got, len(want), want)
				}
				kept := 0
				for b := l.first; b != nil; b = b.next {
					for _, e := range b.items[:cap(b.items)] {
						if e != nil {
							kept++
						}
					}
				}
				if kept != len(want) {
					t.Fatalf("%d elements are kept alive, want %d", kept, len(want))
				}
			},
		})
	})
}
