package isolate

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// refused are the calls that only this architecture has.
func refused() []uint32 { return []uint32{unix.SYS_FORK, unix.SYS_VFORK} }
