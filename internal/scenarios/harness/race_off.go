//go:build !race

package harness

// underRace says that the race detector is built in.
const underRace = false
