//go:build !linux

package build

// bound has no way to limit a process that runs already.
func bound(int) error { return nil }
