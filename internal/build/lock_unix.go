//go:build unix

package build

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lock waits for the exclusive lock on path, which other processes and other
// goroutines of this one respect. The kernel gives it back when the process
// dies.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("cache: lock %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil
}
