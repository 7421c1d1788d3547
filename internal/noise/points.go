package noise

// Points is the number of points that were reached since Set chose a level
// above Off: a measure of work that needs no clock. It is exact while one
// goroutine alone runs instrumented code, and 0 in code that is not
// instrumented.
//
//go:norace
func Points() uint64 { return state.points }
