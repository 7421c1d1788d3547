package build

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// bound limits a command that was just started, and the compilers and linkers
// that it will start: a candidate can be small and its object files huge.
func bound(pid int) error {
	for _, l := range []struct {
		resource int
		limit    uint64
	}{{unix.RLIMIT_AS, maxMemory}, {unix.RLIMIT_FSIZE, maxOutput}, {unix.RLIMIT_CORE, 0}, {unix.RLIMIT_CPU, uint64(maxCPU.Seconds())}} {
		var old unix.Rlimit
		if err := unix.Prlimit(pid, l.resource, nil, &old); err != nil {
			return ignoreGone(err)
		}
		limit := unix.Rlimit{Cur: min(l.limit, old.Max), Max: min(l.limit, old.Max)}
		if err := unix.Prlimit(pid, l.resource, &limit, nil); err != nil {
			return ignoreGone(err)
		}
	}
	return nil
}

// ignoreGone forgives a process that has ended already.
func ignoreGone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return fmt.Errorf("build: limits: %w", err)
}
