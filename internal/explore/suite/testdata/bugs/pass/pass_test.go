// Package pass holds the right twins of the tests of package fail.
package pass

import "sync"

// together runs functions in goroutines of their own and waits for all.
func together(fs ...func()) {
	var wg sync.WaitGroup
	for _, f := range fs {
		wg.Go(f)
	}
	wg.Wait()
}
