package lockset

import (
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// Operation is what a call does to a lock.
type Operation int

// The operations on sync.Mutex and sync.RWMutex.
const (
	NoOperation Operation = iota
	Lock
	RLock
	Unlock
	RUnlock
	TryLock
	TryRLock
)

// Mode is the mode in which the operation takes or releases the lock.
func (o Operation) Mode() Mode {
	if o == RLock || o == RUnlock || o == TryRLock {
		return Read
	}
	return Write
}

var operations = map[string]Operation{
	"Lock": Lock, "RLock": RLock, "Unlock": Unlock, "RUnlock": RUnlock, "TryLock": TryLock, "TryRLock": TryRLock,
}

// LockOperation says whether a call is an operation on a lock, and on which.
func (r *Result) LockOperation(c *ssa.CallCommon) (Operation, Key, bool) {
	if c.IsInvoke() {
		op, ok := operations[c.Method.Name()]
		if !ok || c.Method.Pkg() == nil || c.Method.Pkg().Path() != "sync" {
			return NoOperation, Key{}, false
		}
		k := r.lockerKey(c.Value)
		return op, k, true
	}
	callee := c.StaticCallee()
	if mc, ok := c.Value.(*ssa.MakeClosure); ok && callee != nil && strings.HasPrefix(callee.Synthetic, "bound method wrapper") {
		if fn, ok := callee.Object().(*types.Func); ok && isMutexMethod(fn) && len(mc.Bindings) == 1 {
			return operations[fn.Name()], r.Resolve(mc.Bindings[0]), true
		}
	}
	if callee == nil || callee.Object() == nil {
		return NoOperation, Key{}, false
	}
	fn, ok := callee.Object().(*types.Func)
	if !ok || !isMutexMethod(fn) || len(c.Args) == 0 {
		return NoOperation, Key{}, false
	}
	return operations[fn.Name()], r.Resolve(c.Args[0]), true
}

func isMutexMethod(fn *types.Func) bool {
	recv := fn.Signature().Recv()
	return recv != nil && IsMutex(recv.Type()) && operations[fn.Name()] != NoOperation
}

// IsMutex reports whether t is sync.Mutex or sync.RWMutex or a pointer to one.
func IsMutex(t types.Type) bool { return isSync(t, "Mutex") || isSync(t, "RWMutex") }

// IsSync reports whether t is the named type of package sync, or a pointer.
func IsSync(t types.Type, name string) bool { return isSync(t, name) }

func isSync(t types.Type, name string) bool {
	tn := NamedOf(t)
	return tn != nil && tn.Pkg() != nil && tn.Pkg().Path() == "sync" && tn.Name() == name
}

// lockerKey names the lock behind a sync.Locker: what the interface was made
// of, or the lock that a Cond was made with.
func (r *Result) lockerKey(v ssa.Value) Key {
	if load, ok := v.(*ssa.UnOp); ok && load.Op == token.MUL {
		if fa, ok := load.X.(*ssa.FieldAddr); ok && isSync(fa.X.Type(), "Cond") {
			if from, ok := fa.X.(*ssa.UnOp); ok {
				if field, ok := from.X.(*ssa.FieldAddr); ok {
					if way, ok := r.conds[fieldOf(field.X.Type(), field.Field).Origin()]; ok && way != "" {
						k := r.Resolve(field.X)
						k.Path += way
						return k
					}
				}
			}
			if call, ok := r.Resolve(fa.X).Root.(*ssa.Call); ok && isNewCond(call) && isMutexLocker(call.Call.Args[0]) {
				return r.Resolve(call.Call.Args[0])
			}
		}
	}
	if isMutexLocker(v) {
		return r.Resolve(v)
	}
	return Key{Path: "unknown"}
}

// isMutexLocker reports whether a sync.Locker is plainly a mutex of package sync.
// A type of the package's own, such as a channel with Lock and Unlock, is not
// followed.
func isMutexLocker(v ssa.Value) bool {
	mi, ok := v.(*ssa.MakeInterface)
	return ok && IsMutex(mi.X.Type())
}

// HasOwnLockers reports whether the package makes a sync.Locker of a type that is
// no mutex of package sync: then a lock may be held that is not seen.
func (r *Result) HasOwnLockers() bool {
	found := false
	r.instructions(func(_ *Func, instr ssa.Instruction) {
		mi, ok := instr.(*ssa.MakeInterface)
		if !ok || isMutexLocker(mi) {
			return
		}
		tn := NamedOf(mi.Type())
		found = found || tn != nil && tn.Pkg() != nil && tn.Pkg().Path() == "sync" && tn.Name() == "Locker"
	})
	return found
}

func isNewCond(call *ssa.Call) bool {
	fn := call.Call.StaticCallee()
	return fn != nil && fn.Name() == "NewCond" && fn.Pkg != nil && fn.Pkg.Pkg.Path() == "sync"
}

// findConds learns which lock the Cond in a field works with, from the stores
// of sync.NewCond(&x.lock) to x.cond.
func (r *Result) findConds() {
	r.instructions(func(_ *Func, instr ssa.Instruction) {
		st, ok := instr.(*ssa.Store)
		if !ok {
			return
		}
		fa, ok := st.Addr.(*ssa.FieldAddr)
		if !ok {
			return
		}
		call, ok := st.Val.(*ssa.Call)
		if !ok || !isNewCond(call) {
			return
		}
		field := fieldOf(fa.X.Type(), fa.Field).Origin()
		way := ""
		if isMutexLocker(call.Call.Args[0]) {
			way, _ = r.Resolve(call.Call.Args[0]).extends(r.Resolve(fa.X))
		}
		if old, seen := r.conds[field]; seen && old != way {
			way = ""
		}
		r.conds[field] = way
	})
}

// findTakers collects the signatures of function values through which a lock
// may be taken or released out of our sight: unlock := p.mu.Unlock, and
// (*sync.Mutex).Lock where it is handed on.
func (r *Result) findTakers() {
	take := func(fn *ssa.Function) {
		if obj, ok := fn.Object().(*types.Func); ok && isMutexMethod(obj) {
			r.takers = append(r.takers, fn.Signature)
		}
	}
	r.instructions(func(_ *Func, instr ssa.Instruction) {
		if mc, ok := instr.(*ssa.MakeClosure); ok {
			for _, ref := range *mc.Referrers() {
				if d, ok := ref.(ssa.CallInstruction); !ok || d.Common().Value != mc {
					take(mc.Fn.(*ssa.Function))
				}
			}
			return
		}
		var called ssa.Value
		if ci, ok := instr.(ssa.CallInstruction); ok {
			called = ci.Common().Value
		}
		for _, op := range instr.Operands(nil) {
			if fn, ok := (*op).(*ssa.Function); ok && fn != called {
				take(fn)
			}
		}
	})
}

func (r *Result) takes(sig *types.Signature) bool {
	return slices.ContainsFunc(r.takers, func(t *types.Signature) bool { return types.Identical(t, sig) })
}
