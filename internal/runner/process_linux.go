package runner

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func lockThread() { runtime.LockOSThread() }

// sessionOfItsOwn detaches a worker from the terminal and its signals, gives it
// a process group, and has it die with the runner.
func sessionOfItsOwn() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup kills a worker and its process group. There is nothing to do about
// an error: the processes are gone, or are swept later.
func killGroup(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGKILL)
}

// sweep kills the processes that a worker started and that left its group: they
// are known by the worker's folder in the environment that they inherited, or
// as their working directory. It looks again until it finds none; dying takes a
// moment.
func sweep(dir string) {
	for range 400 {
		found := false
		entries, err := filepath.Glob("/proc/[0-9]*")
		if err != nil {
			return
		}
		for _, entry := range entries {
			pid, err := strconv.Atoi(filepath.Base(entry))
			if err != nil || pid == os.Getpid() {
				continue
			}
			environ, _ := os.ReadFile(filepath.Join(entry, "environ"))
			cwd, _ := os.Readlink(filepath.Join(entry, "cwd"))
			if bytes.Contains(environ, []byte("HOME="+dir+"\x00")) || strings.TrimSuffix(cwd, " (deleted)") == dir {
				if status, _ := os.ReadFile(filepath.Join(entry, "stat")); bytes.Contains(status, []byte(") Z ")) {
					continue
				}
				found = true
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if !found {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// usage returns what a process uses. ok is false when it is gone.
func usage(pid int) (u used, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return used{}, false
	}
	// The name may hold anything; the fields follow its closing parenthesis.
	_, rest, ok := strings.Cut(string(b), ") ")
	if i := strings.LastIndex(string(b), ") "); i >= 0 {
		rest = string(b)[i+2:]
	}
	fields := strings.Fields(rest)
	// proc_pid_stat(5): state is field 3, utime 14, stime 15 (both in hundredths
	// of a second), num_threads 20, rss 24 (pages).
	if !ok || len(fields) < 22 {
		return used{}, false
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	u.cpu = time.Duration(user+system) * 10 * time.Millisecond
	u.threads, _ = strconv.Atoi(fields[17])
	pages, _ := strconv.ParseUint(fields[21], 10, 64)
	u.memory = pages * uint64(os.Getpagesize())
	return u, true
}

// sleeping reports whether every thread of a process sleeps: none runs, waits for
// a processor or for a disk.
func sleeping(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*/stat", pid))
	if err != nil || len(threads) == 0 {
		return false
	}
	for _, thread := range threads {
		b, err := os.ReadFile(thread)
		if err != nil {
			return false
		}
		if i := bytes.LastIndex(b, []byte(") ")); i < 0 || i+2 >= len(b) || b[i+2] != 'S' {
			return false
		}
	}
	return true
}
