package isolate

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// addrNoRandomize is ADDR_NO_RANDOMIZE of linux/personality.h.
const addrNoRandomize = 0x0040000

// Main is the launcher: it restricts the process and executes the worker that
// args describes. It returns only when that failed, with the exit code.
func Main(args []string) int {
	// Credentials, filters and the parent's death signal belong to a thread;
	// the one that executes the worker has to be the one that was restricted.
	runtime.LockOSThread()
	var spec Spec
	if len(args) != 1 {
		fmt.Fprintf(os.Stderr, "launcher: %d arguments, want 1\n", len(args))
		return 125
	}
	if err := json.Unmarshal([]byte(args[0]), &spec); err != nil {
		fmt.Fprintln(os.Stderr, "launcher:", err)
		return 125
	}
	unix.CloseOnExec(spec.Status)
	status := os.NewFile(uintptr(spec.Status), "status")
	report := func(s Status) int {
		b, err := json.Marshal(s)
		if err != nil {
			return 125
		}
		if _, err := status.Write(b); err != nil {
			return 125
		}
		return 125
	}
	if err := launch(spec, func(m []Measure) { report(Status{Measures: m}) }); err != nil {
		return report(Status{Error: "launcher: " + err.Error()})
	}
	return 125
}

// launch applies the measures in an order in which none prevents a later one.
// announce is called when nothing but execve can fail any more.
func launch(spec Spec, announce func([]Measure)) error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("parent death signal: %w", err)
	}
	if os.Getppid() == 1 {
		return fmt.Errorf("the runner is gone")
	}
	if err := os.Chdir(spec.Dir); err != nil {
		return err
	}
	var ms []Measure
	ms = append(ms, Measure{Name: "own session, killed with the runner", InForce: true})
	ms = append(ms, limits(spec.Limits))
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	ms = append(ms, Measure{Name: "no new privileges", InForce: true})
	if !spec.Bare {
		ms = append(ms, restrictFiles(spec)...)
	}
	ms = append(ms, dropCapabilities(spec))
	if spec.FixedAddresses {
		// Failing is no reason to stop: most kernels need no fixed layout.
		_, _, _ = unix.Syscall(unix.SYS_PERSONALITY, addrNoRandomize, 0, 0)
	}
	path, err := unix.BytePtrFromString(spec.Binary)
	if err != nil {
		return err
	}
	argv, err := syscall.SlicePtrFromStrings(append([]string{spec.Binary}, spec.Args...))
	if err != nil {
		return err
	}
	envv, err := syscall.SlicePtrFromStrings(spec.Env)
	if err != nil {
		return err
	}
	if spec.Bare {
		ms = append(ms, Measure{Name: NoProcesses, Detail: "left out on request"})
	} else {
		ms = append(ms, filterCalls(uintptr(unsafe.Pointer(path))))
	}
	announce(ms)
	// The filter knows the worker's path by the address of its name, so this
	// very call is the only one that it lets through.
	_, _, errno := unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(path)),
		uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envv[0])))
	runtime.KeepAlive(path)
	return fmt.Errorf("%s: %w", filepath.Base(spec.Binary), errno)
}

func limits(l Limits) Measure {
	m := Measure{Name: "resource limits", InForce: true}
	var set, failed []string
	for _, r := range []struct {
		name     string
		resource int
		value    uint64
		always   bool
	}{
		{"core", unix.RLIMIT_CORE, 0, true},
		{"data", unix.RLIMIT_DATA, l.Data, false},
		{"file size", unix.RLIMIT_FSIZE, l.FileSize, false},
		{"files", unix.RLIMIT_NOFILE, l.Files, false},
		{"cpu", unix.RLIMIT_CPU, l.CPU, false},
	} {
		if r.value == 0 && !r.always {
			continue
		}
		if err := unix.Setrlimit(r.resource, &unix.Rlimit{Cur: r.value, Max: r.value}); err != nil {
			failed = append(failed, fmt.Sprintf("%s: %v", r.name, err))
			continue
		}
		set = append(set, r.name)
	}
	m.Detail = strings.Join(set, ", ")
	if len(failed) > 0 {
		m.InForce = false
		m.Detail += "; failed: " + strings.Join(failed, ", ")
	}
	return m
}

// restrictFiles lets the worker read its own binary, the loader's libraries and
// what the runtime looks up, write to its own folder, and reach no network.
func restrictFiles(spec Spec) []Measure {
	files := Measure{Name: "landlock files"}
	network := Measure{Name: "landlock network"}
	level, err := llsyscall.LandlockGetABIVersion()
	if err != nil || level < 1 {
		files.Detail = "this kernel has no Landlock"
		network.Detail = files.Detail
		return []Measure{files, network}
	}
	rules := []landlock.Rule{
		landlock.ROFiles(spec.Binary),
		landlock.RODirs("/lib", "/lib64", "/usr/lib", "/usr/lib64").IgnoreIfMissing(),
		landlock.ROFiles("/etc/ld.so.cache", "/dev/urandom", "/dev/zero").IgnoreIfMissing(),
		landlock.RWFiles("/dev/null").IgnoreIfMissing(),
		landlock.RODirs("/sys/fs/cgroup", "/sys/kernel/mm", "/sys/devices/system/cpu").IgnoreIfMissing(),
		// Only its own entry: the memory of other processes stays out of reach.
		landlock.RODirs(fmt.Sprintf("/proc/%d", os.Getpid())).IgnoreIfMissing(),
		landlock.ROFiles("/proc/self", "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/pid_max").IgnoreIfMissing(),
		landlock.RWDirs(spec.Dir),
	}
	if err := landlock.V11.BestEffort().Restrict(rules...); err != nil {
		files.Detail = err.Error()
		network.Detail = err.Error()
		return []Measure{files, network}
	}
	files.InForce = true
	files.Detail = fmt.Sprintf("ABI %d", level)
	network.InForce = level >= 4
	network.Detail = fmt.Sprintf("ABI %d", level)
	if !network.InForce {
		network.Detail += ", TCP is covered from ABI 4 on"
	}
	return []Measure{files, network}
}

// dropCapabilities takes root's powers from a worker that runs as root. They
// are kept where the worker could then no longer be opened.
func dropCapabilities(spec Spec) Measure {
	m := Measure{Name: "no capabilities"}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var before, none [2]unix.CapUserData
	if err := unix.Capget(&header, &before[0]); err != nil {
		m.Detail = err.Error()
		return m
	}
	tentative := before
	tentative[0].Effective, tentative[1].Effective = 0, 0
	if err := unix.Capset(&header, &tentative[0]); err != nil {
		m.Detail = err.Error()
		return m
	}
	if err := unix.Faccessat2(unix.AT_FDCWD, spec.Binary, unix.R_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		m.Detail = fmt.Sprintf("kept: without them the worker cannot be opened: %v", err)
		if err := unix.Capset(&header, &before[0]); err != nil {
			m.Detail += "; " + err.Error()
		}
		return m
	}
	if err := unix.Capset(&header, &none[0]); err != nil {
		m.Detail = err.Error()
		return m
	}
	m.InForce = true
	return m
}
