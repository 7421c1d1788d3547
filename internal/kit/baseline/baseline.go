// Package baseline holds the textbook fix of the three components, one mutex
// each, to the letter of docs/contract.md. It is what a candidate's speed is
// measured against, so it is written for the reader and not for the clock.
//
// The three packages below this one are ordinary packages, compiled and tested
// with everything else; Sources gives their text, laid out as a candidate's
// folder is, so that they can be built into a worker in a candidate's place.
package baseline

import "embed"

//go:embed cache/cache.go counter/counter.go workerpool/workerpool.go
var sources embed.FS

// Sources returns the source files of the baseline, by their slash-separated
// paths in a candidate's folder: cache/cache.go, counter/counter.go and
// workerpool/workerpool.go. The map and its contents are the caller's.
func Sources() map[string][]byte {
	files := make(map[string][]byte)
	for _, name := range []string{"cache/cache.go", "counter/counter.go", "workerpool/workerpool.go"} {
		text, err := sources.ReadFile(name)
		if err != nil {
			panic("baseline: " + err.Error()) // the go:embed line above and this list differ
		}
		files[name] = text
	}
	return files
}
