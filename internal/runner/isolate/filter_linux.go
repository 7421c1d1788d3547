//go:build linux && (amd64 || arm64)

package isolate

import (
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// x32 marks the system calls of amd64's second calling convention, which would
// otherwise walk around a filter by number.
const x32 = 0x40000000

// Offsets into struct seccomp_data (linux/seccomp.h), little-endian.
const (
	offsetNumber = 0
	offsetArch   = 4
	offsetArg0   = 16
)

// program assembles a classic BPF filter, the kernel's language for seccomp.
type program []unix.SockFilter

func (p *program) statement(code uint16, k uint32) {
	*p = append(*p, unix.SockFilter{Code: code, K: k})
}

func (p *program) load(offset uint32) { p.statement(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offset) }

func (p *program) result(k uint32) { p.statement(unix.BPF_RET|unix.BPF_K, k) }

// jump continues with the next instruction if the comparison of the loaded word
// with k holds, and skips that many instructions otherwise.
func (p *program) jump(comparison uint16, k uint32, otherwise uint8) {
	*p = append(*p, unix.SockFilter{Code: unix.BPF_JMP | comparison | unix.BPF_K, K: k, Jf: otherwise})
}

func fail(errno unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(errno) }

// filterCalls refuses the worker everything by which it could leave: other
// processes, other programs, signals to others, another session, sockets,
// tracing. Threads are let through. execve is let through for the one path
// whose name lies at execPath: after it that address means nothing, and the
// worker cannot execute anything, itself included.
func filterCalls(execPath uintptr) Measure {
	m := Measure{Name: NoProcesses}
	filter := program(calls(execPath, uint32(os.Getpid())))
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0); err != nil {
		m.Detail = err.Error()
		return m
	}
	runtime.KeepAlive(filter)
	m.InForce = true
	m.Detail = "no process, program, socket, session or signal outside its own"
	return m
}

func calls(execPath uintptr, pid uint32) []unix.SockFilter {
	var p program
	p.load(offsetArch)
	p.jump(unix.BPF_JEQ, auditArch, 1)
	p.statement(unix.BPF_JMP|unix.BPF_JA, 1)
	p.result(fail(unix.EPERM))
	p.load(offsetNumber)
	p.jump(unix.BPF_JGE, x32, 1)
	p.result(fail(unix.EPERM))

	// Threads have to be created through clone, whose flags can be seen;
	// clone3 keeps them in memory, and libraries fall back on ENOSYS.
	p.jump(unix.BPF_JEQ, unix.SYS_CLONE3, 1)
	p.result(fail(unix.ENOSYS))
	p.jump(unix.BPF_JEQ, unix.SYS_CLONE, 4)
	p.load(offsetArg0)
	p.jump(unix.BPF_JSET, unix.CLONE_THREAD, 1)
	p.result(unix.SECCOMP_RET_ALLOW)
	p.result(fail(unix.EPERM))

	p.jump(unix.BPF_JEQ, unix.SYS_EXECVE, 6)
	p.load(offsetArg0)
	p.jump(unix.BPF_JEQ, uint32(execPath), 3)
	p.load(offsetArg0 + 4)
	p.jump(unix.BPF_JEQ, uint32(uint64(execPath)>>32), 1)
	p.result(unix.SECCOMP_RET_ALLOW)
	p.result(fail(unix.EPERM))

	// Signals to itself are how the runtime preempts goroutines.
	for _, nr := range []uint32{unix.SYS_KILL, unix.SYS_TGKILL} {
		p.jump(unix.BPF_JEQ, nr, 4)
		p.load(offsetArg0)
		p.jump(unix.BPF_JEQ, pid, 1)
		p.result(unix.SECCOMP_RET_ALLOW)
		p.result(fail(unix.EPERM))
	}
	for _, nr := range append(refused(),
		unix.SYS_EXECVEAT, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV,
		unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO,
		unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_PIDFD_GETFD,
		unix.SYS_SETSID, unix.SYS_SETPGID, unix.SYS_SOCKET, unix.SYS_SOCKETPAIR,
		unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_CHROOT,
		unix.SYS_PIVOT_ROOT, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_KEYCTL, unix.SYS_ADD_KEY,
		unix.SYS_IO_URING_SETUP, unix.SYS_USERFAULTFD, unix.SYS_MEMFD_CREATE) {
		p.jump(unix.BPF_JEQ, nr, 1)
		p.result(fail(unix.EPERM))
	}
	p.result(unix.SECCOMP_RET_ALLOW)
	return p
}
