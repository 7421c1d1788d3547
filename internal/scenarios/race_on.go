//go:build race

package scenarios

// underRace says that the race detector is built in.
const underRace = true
