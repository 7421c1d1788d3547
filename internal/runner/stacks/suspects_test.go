package stacks

import (
	"fmt"
	"slices"
	"testing"
)

// TestManySuspects: three hundred goroutines that may all be waited for are one
// line, and three are three.
func TestManySuspects(t *testing.T) {
	list := []suspect{{"goroutine 3", "likely: c.mu.Lock at cache.go:9"}}
	for id := range 300 {
		list = append(list, suspect{fmt.Sprintf("goroutine %d", 10+id), "perhaps: receive on f.done at cache.go:89"})
	}
	list = append(list, suspect{"goroutine 4", "likely: c.mu.Lock at cache.go:9"})
	want := []string{
		"goroutine 3, likely: c.mu.Lock at cache.go:9",
		"goroutine 10 and 299 more like it, perhaps: receive on f.done at cache.go:89",
		"goroutine 4, likely: c.mu.Lock at cache.go:9",
	}
	if got := named(list); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
