//go:build !linux

package runner

import "syscall"

func lockThread() {}

func sessionOfItsOwn() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// sweep does nothing: without Linux's /proc there is no telling who started a
// process that left its group.
func sweep(string) {}

// usage knows nothing here, so no bound on memory is watched.
func usage(int) (used, bool) { return used{}, false }

// sleeping knows nothing here, so a worker is waited for.
func sleeping(int) bool { return false }
