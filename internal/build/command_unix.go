//go:build unix

package build

import (
	"os/exec"
	"syscall"
)

// contain puts the command into a process group of its own and makes
// cancelling it kill the whole group, compilers and linkers included.
func contain(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
