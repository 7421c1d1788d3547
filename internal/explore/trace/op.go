package trace

import "fmt"

// An Op is a kind of operation at which goroutines can be switched. The
// numbers are part of schedule files and of the protocol with the test binary.
type Op uint8

// The operations. Their order is that of the constants in the injected sources.
const (
	None Op = iota
	Start
	Send
	Recv
	Close
	Select
	Lock
	TryLock
	Unlock
	RLock
	TryRLock
	RUnlock
	WLock
	TryWLock
	WUnlock
	WaitGroupAdd
	WaitGroupWait
	CondWait
	Signal
	Broadcast
	OnceDo
	MapRead
	MapWrite
	PoolGet
	PoolPut
	AtomicLoad
	AtomicStore
	AtomicModify
	Read
	Write
	Gosched
	Sleep
	opCount
)

var opNames = [opCount]string{
	None: "none", Start: "start", Send: "send", Recv: "receive", Close: "close", Select: "select",
	Lock: "Lock", TryLock: "TryLock", Unlock: "Unlock",
	RLock: "RLock", TryRLock: "TryRLock", RUnlock: "RUnlock", WLock: "rw.Lock", TryWLock: "rw.TryLock", WUnlock: "rw.Unlock",
	WaitGroupAdd: "WaitGroup.Add", WaitGroupWait: "WaitGroup.Wait",
	CondWait: "Cond.Wait", Signal: "Cond.Signal", Broadcast: "Cond.Broadcast", OnceDo: "Once.Do",
	MapRead: "Map.read", MapWrite: "Map.write", PoolGet: "Pool.Get", PoolPut: "Pool.Put",
	AtomicLoad: "atomic.load", AtomicStore: "atomic.store", AtomicModify: "atomic.modify",
	Read: "read", Write: "write", Gosched: "Gosched", Sleep: "Sleep",
}

// String returns the operation's name as it stands in traces and schedule
// files.
func (o Op) String() string {
	if o < opCount {
		return opNames[o]
	}
	return fmt.Sprintf("op%d", uint8(o))
}

// MarshalText implements [encoding.TextMarshaler].
func (o Op) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (o *Op) UnmarshalText(b []byte) error {
	p, err := ParseOp(string(b))
	if err == nil {
		*o = p
	}
	return err
}

// ParseOp is the inverse of String.
func ParseOp(s string) (Op, error) {
	for i, n := range opNames {
		if n == s {
			return Op(i), nil
		}
	}
	return 0, fmt.Errorf("unknown operation %q", s)
}

// objectKind names what an operation works on, for numbering objects.
func (o Op) objectKind() string {
	switch o {
	case Send, Recv, Close:
		return "chan"
	case Select:
		return ""
	case Lock, TryLock, Unlock:
		return "mutex"
	case RLock, TryRLock, RUnlock, WLock, TryWLock, WUnlock:
		return "rwmutex"
	case WaitGroupAdd, WaitGroupWait:
		return "waitgroup"
	case CondWait, Signal, Broadcast:
		return "cond"
	case OnceDo:
		return "once"
	case MapRead, MapWrite:
		return "map"
	case PoolGet, PoolPut:
		return "pool"
	case AtomicLoad, AtomicStore, AtomicModify:
		return "atomic"
	case Read, Write:
		return "var"
	}
	return ""
}

// A Phase says where a goroutine is with its operation.
type Phase uint8

// The phases. Exited and later occur only as places of switches.
const (
	Before  Phase = iota // about to do it
	Blocked              // waiting in it
	Exited               // ended
	Clock                // nobody could run, virtual time went on

	// A timer fires early, at one of the above.
	Slip
	SlipBlocked
	SlipExited
	SlipClock
)

var phaseNames = [...]string{Before: "before", Blocked: "blocked", Exited: "exited", Clock: "clock", Slip: "slip", SlipBlocked: "slip-blocked", SlipExited: "slip-exited", SlipClock: "slip-clock"}

// String returns the phase's name as it stands in schedule files.
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return fmt.Sprintf("phase%d", uint8(p))
}

// MarshalText implements [encoding.TextMarshaler].
func (p Phase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (p *Phase) UnmarshalText(b []byte) error {
	q, err := ParsePhase(string(b))
	if err == nil {
		*p = q
	}
	return err
}

// ParsePhase is the inverse of String.
func ParsePhase(s string) (Phase, error) {
	for i, n := range phaseNames {
		if n == s {
			return Phase(i), nil
		}
	}
	return 0, fmt.Errorf("unknown phase %q", s)
}
