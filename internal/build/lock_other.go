//go:build !unix

package build

import "context"

// lock does nothing where there is no flock: two processes may build the same
// binary, and the rename at the end lets one of them win.
func lock(context.Context, string) (unlock func(), err error) { return func() {}, nil }
