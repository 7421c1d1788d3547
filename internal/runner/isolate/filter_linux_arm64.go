package isolate

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// refused are the calls that only this architecture has: none.
func refused() []uint32 { return nil }
