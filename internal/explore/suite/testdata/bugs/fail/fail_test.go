// Package fail holds small tests with one concurrency bug each. Package pass
// holds a right twin of every one of them under the same name.
package fail

import "sync"

// together runs functions in goroutines of their own and waits for all.
func together(fs ...func()) {
	var wg sync.WaitGroup
	for _, f := range fs {
		wg.Go(f)
	}
	wg.Wait()
}
