package noise

// Sleeps is how often somebody was put to sleep since the last Set.
func Sleeps() int { return state.sleeps }
