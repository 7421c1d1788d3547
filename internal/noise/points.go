package noise

// Points is the number of points that were reached since Set chose a level
// above Off: a measure of work that needs no clock. It is exact while one
// goroutine alone runs instrumented code, and 0 in code that is not
// instrumented.
//
//go:norace
func Points() uint64 { return state.points + state.visited }

// Visits counts the elements of a slice, which it returns, as points that a loop
// over them would have reached. It is put where the standard library does what
// would be such a loop.
//
//go:norace
func Visits[S ~[]E, E any](of S) S {
	if state.level != Off {
		state.visited += uint64(len(of))
	}
	return of
}
