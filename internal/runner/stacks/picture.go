package stacks

import (
	"fmt"

	"racebench/internal/result"
	"racebench/internal/runner/place"
)

// Picture says who waits where and for what. Sources are the judged files by
// their path relative to the candidate's folder.
func Picture(list []Goroutine, sources map[string][]byte) []result.Wait {
	var waits []result.Wait
	for _, g := range list {
		w := result.Wait{Goroutine: fmt.Sprintf("goroutine %d", g.ID), State: g.State, At: place.Positions(g.Frames), Count: 1}
		if g.CreatedBy != nil {
			p := g.CreatedBy.Position()
			w.CreatedBy = &p
		}
		waits = append(waits, w)
	}
	return waits
}
