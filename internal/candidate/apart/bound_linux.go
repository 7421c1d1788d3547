package apart

import (
	"fmt"
	"os"
	"syscall"
)

// bound limits this process: private memory in bytes, processor time in seconds.
func bound(memory, cpu uint64) error {
	for resource, limit := range map[int]uint64{syscall.RLIMIT_DATA: memory, syscall.RLIMIT_CPU: cpu} {
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			return fmt.Errorf("apart: rlimit %d: %w", resource, err)
		}
	}
	return nil
}

// resident is how much memory a process that has ended once held, in bytes.
func resident(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return int64(usage.Maxrss) << 10
}
