package lockset

import (
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// CallKind says how a function comes to run.
type CallKind int

// The kinds of call.
const (
	Direct   CallKind = iota // called here
	Deferred                 // called when the caller returns
	Spawned                  // started as a goroutine
	InPlace                  // handed to a function that calls it before it returns
)

// Call is one place from which a function of the package is called.
type Call struct {
	Caller *Func
	Callee *Func
	Instr  ssa.Instruction
	Kind   CallKind
	// Args are the arguments by the callee's parameters; nil if not known.
	Args []ssa.Value
	// via is the call inside of a helper that was handed the callee.
	via *Call
}

// effect sums up what a function does to the locks of its callers.
type effect struct {
	acquired map[Key]Mode
	released map[Key]Mode
	leavesMy bool // may leave a lock held that callers cannot name
	freesMy  bool // releases locks that callers cannot name
	unsure   bool // returns with different locks on different paths
	syncs    bool
}

func (e effect) equal(o effect) bool {
	return maps.Equal(e.acquired, o.acquired) && maps.Equal(e.released, o.released) &&
		e.leavesMy == o.leavesMy && e.freesMy == o.freesMy && e.unsure == o.unsure && e.syncs == o.syncs
}

func (e effect) neutral() bool {
	return len(e.acquired)+len(e.released) == 0 && !e.leavesMy && !e.freesMy && !e.unsure
}

// Callee is the function of the package that a call runs, where there is
// exactly one that it can be.
func (r *Result) Callee(c *ssa.CallCommon) *Func {
	if c.IsInvoke() {
		return nil
	}
	if fn := c.StaticCallee(); fn != nil {
		return r.Of(fn)
	}
	switch v := r.Resolve(c.Value).Root.(type) {
	case *ssa.MakeClosure:
		if r.Resolve(c.Value).Path == "" {
			return r.Of(v.Fn.(*ssa.Function))
		}
	case *ssa.Function:
		return r.Of(v)
	}
	return nil
}

// Does reports whether an instruction of block b, which is f's, is of a kind, or
// one of a function of the package that is called there, directly or not.
func (r *Result) Does(f *Func, b *ssa.BasicBlock, kind func(ssa.Instruction) bool) bool {
	seen := map[*Func]bool{f: true}
	var does func(*ssa.BasicBlock) bool
	does = func(b *ssa.BasicBlock) bool {
		for _, instr := range b.Instrs {
			if kind(instr) {
				return true
			}
			call, ok := instr.(*ssa.Call)
			if !ok {
				continue
			}
			g := r.Callee(&call.Call)
			if g == nil || seen[g] {
				continue
			}
			seen[g] = true
			if slices.ContainsFunc(g.Fn.Blocks, does) {
				return true
			}
		}
		return false
	}
	return does(b)
}

// boundMethod is the method of ours that the call of a method value runs, as in
// leave := c.leave; defer leave(), with its arguments, the receiver first.
func (r *Result) boundMethod(c *ssa.CallCommon) (*Func, []ssa.Value) {
	k := r.Resolve(c.Value)
	mc, ok := k.Root.(*ssa.MakeClosure)
	if !ok || k.Path != "" {
		return nil, nil
	}
	fn := mc.Fn.(*ssa.Function)
	if !strings.HasPrefix(fn.Synthetic, "bound method wrapper") {
		return nil, nil
	}
	return r.Of(r.methodOf(fn)), slices.Concat(mc.Bindings, c.Args)
}

// call is the state after a call. instr is nil for a deferred one.
func (r *Result) call(f *Func, s *State, c *ssa.CallCommon, instr *ssa.Call) *State {
	if op, k, ok := r.LockOperation(c); ok {
		if k.Root == nil && k.Path == "unknown" {
			return s.unknown()
		}
		switch op {
		case Lock, RLock:
			return s.lock(k, op.Mode())
		case Unlock, RUnlock:
			return s.unlock(k, op.Mode())
		case TryLock, TryRLock:
			if instr == nil || !onlyBranchedOn(instr) {
				return s.unknown()
			}
		}
		return s
	}
	if callee := r.Callee(c); callee != nil {
		s = r.applyEffect(s, callee, r.translator(callee, c.Args, f))
		return r.applyHanded(s, f, c)
	}
	if c.IsInvoke() {
		switch name := c.Method.Name(); {
		case operations[name] != NoOperation || r.locksIn(name):
			return s.unknown() // through an interface of the package's own
		case name == "Err" && c.Method.Pkg() != nil && c.Method.Pkg().Path() == "context":
			return s.synced() // what was done before the cancel is seen
		}
		return s
	}
	if callee, args := r.boundMethod(c); callee != nil {
		s = r.applyEffect(s, callee, r.translator(callee, args, f))
		return r.applyHanded(s, f, c)
	}
	if _, ok := c.Value.(*ssa.Builtin); ok {
		return s
	}
	if fn := c.StaticCallee(); fn != nil {
		if waits(fn, instr) {
			s = s.synced()
		}
		return r.applyHanded(s, f, c)
	}
	// A function value. Mostly the caller's own function, which leaves our
	// locks alone; unless functions that lock are passed around here.
	if s2, ok := r.callReturned(f, s, c); ok {
		return s2
	}
	if r.takes(c.Signature()) {
		return s.unknown()
	}
	for _, fn := range r.Flow.Callees(c.Value) {
		if e := r.Of(fn); e != nil && !e.effect.neutral() {
			return s.unknown()
		}
	}
	return s
}

// locksIn reports whether a method of that name, of any type of the package, takes
// or gives back locks of its callers.
func (r *Result) locksIn(method string) bool {
	return slices.ContainsFunc(r.Funcs, func(f *Func) bool {
		return f.Fn.Signature.Recv() != nil && f.Fn.Name() == method && !f.effect.neutral()
	})
}

// applyHanded applies what closures do that are handed to a call: they may run
// within it, any number of times.
func (r *Result) applyHanded(s *State, f *Func, c *ssa.CallCommon) *State {
	for _, a := range c.Args {
		mc, ok := a.(*ssa.MakeClosure)
		if !ok {
			continue
		}
		if g := r.Of(mc.Fn.(*ssa.Function)); g != nil {
			if !g.effect.neutral() {
				return s.unknown()
			}
			if g.effect.syncs && handling(c) == InPlace {
				s = s.synced()
			}
		}
	}
	return s
}

// callReturned handles a call of what another function of ours returned:
// defer p.lock()(), where lock returns p.mu.Unlock.
func (r *Result) callReturned(f *Func, s *State, c *ssa.CallCommon) (*State, bool) {
	made, ok := c.Value.(*ssa.Call)
	if !ok {
		return s, false
	}
	maker := r.Callee(&made.Call)
	if maker == nil {
		return s, false
	}
	up := r.translator(maker, made.Call.Args, f)
	for _, ret := range returns(maker.Fn) {
		if len(ret.Results) != 1 {
			return s, false
		}
		mc, ok := ret.Results[0].(*ssa.MakeClosure)
		if !ok {
			return s, false
		}
		fn := mc.Fn.(*ssa.Function)
		if obj, ok := fn.Object().(*types.Func); ok && isMutexMethod(obj) && len(mc.Bindings) == 1 {
			k, ok := up(r.Resolve(mc.Bindings[0]))
			if !ok || len(returns(maker.Fn)) != 1 {
				return s.unknown(), true
			}
			op := operations[obj.Name()]
			if op == Unlock || op == RUnlock {
				return s.unlock(k, op.Mode()), true
			}
			return s.lock(k, op.Mode()), true
		}
		if g := r.Of(fn); g != nil {
			if len(returns(maker.Fn)) != 1 {
				return s.unknown(), true
			}
			return r.applyEffect(s, g, up), true
		}
	}
	return s, false
}

func returns(fn *ssa.Function) []*ssa.Return {
	var out []*ssa.Return
	for _, b := range fn.Blocks {
		if ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && b != fn.Recover {
			out = append(out, ret)
		}
	}
	return out
}

func onlyBranchedOn(v ssa.Value) bool {
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.If, *ssa.DebugRef:
		case *ssa.UnOp:
			if ref.Op != token.NOT || !onlyBranchedOn(ref) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// waits reports whether a call of a function outside of the package can order
// this goroutine after another one.
func waits(fn *ssa.Function, instr *ssa.Call) bool {
	obj := fn.Object()
	if obj == nil || obj.Pkg() == nil {
		return false
	}
	used := instr == nil || instr.Referrers() != nil && len(*instr.Referrers()) > 0
	switch obj.Pkg().Path() {
	case "sync":
		switch obj.Name() {
		case "Wait", "Do", "Get", "Load", "LoadOrStore", "LoadAndDelete", "CompareAndSwap", "Swap", "Range":
			return true
		}
	case "sync/atomic":
		return used
	case "context":
		return obj.Name() == "Cause"
	}
	return false
}

func (r *Result) applyEffect(s *State, callee *Func, up func(Key) (Key, bool)) *State {
	e := callee.effect
	if e.unsure {
		s = s.unknown()
	}
	for _, k := range sortedKeys(e.released) {
		if t, ok := up(k); ok {
			s = s.unlock(t, e.released[k])
		} else {
			s = s.unknown()
		}
	}
	for _, k := range sortedKeys(e.acquired) {
		if t, ok := up(k); ok {
			s = s.lock(t, e.acquired[k])
		} else {
			s = s.unknown()
		}
	}
	if e.freesMy {
		s = s.unlockUnnamed()
	}
	if e.leavesMy {
		s = s.clone()
		s.May[Other] = true
	}
	if e.syncs {
		s = s.synced()
	}
	return s
}

func sortedKeys(m map[Key]Mode) []Key {
	return slices.SortedFunc(maps.Keys(m), func(a, b Key) int { return strings.Compare(a.String(), b.String()) })
}

// String is unique within a function; it serves to put keys in order.
func (k Key) String() string {
	root := ""
	if k.Root != nil {
		root = k.Root.Name()
		if p := k.Root.Parent(); p != nil {
			root = p.Name() + ":" + root
		}
	}
	return root + k.Path
}

// translator turns the callee's names into those of the caller.
func (r *Result) translator(callee *Func, args []ssa.Value, caller *Func) func(Key) (Key, bool) {
	return func(k Key) (Key, bool) {
		switch root := k.Root.(type) {
		case nil:
			return k, k == Other
		case *ssa.Global:
			return k, true
		case *ssa.Parameter:
			if root.Parent() == callee.Fn {
				for i, p := range callee.Fn.Params {
					if p == root && i < len(args) && args[i] != nil {
						t := r.Resolve(args[i])
						t.Path += k.Path
						return t, true
					}
				}
				return Key{}, false
			}
		}
		// A closure speaks the language of the functions around it.
		if p := k.Root.Parent(); p != nil && p != callee.Fn && encloses(p, callee.Fn) && (p == caller.Fn || encloses(p, caller.Fn)) {
			return k, true
		}
		return Key{}, false
	}
}

func encloses(outer, inner *ssa.Function) bool {
	for p := inner.Parent(); p != nil; p = p.Parent() {
		if p == outer {
			return true
		}
	}
	return false
}

// sumUp computes the effect of a function from its states at the returns.
func (r *Result) sumUp(f *Func) effect {
	e := effect{acquired: map[Key]Mode{}, released: map[Key]Mode{}}
	first := true
	for _, ret := range returns(f.Fn) {
		s := f.before[ret]
		if s == nil {
			continue
		}
		e.syncs = e.syncs || s.Synced
		if s.Unknown {
			e.unsure = true
		}
		acquired := map[Key]Mode{}
		for k, m := range s.Held {
			if r.namedOutside(k, f) {
				acquired[k] = m
			}
		}
		for k := range s.May {
			if _, held := s.Held[k]; !held && k != Other && r.namedOutside(k, f) {
				e.unsure = true
			}
			if !r.namedOutside(k, f) {
				e.leavesMy = true
			}
		}
		released := map[Key]Mode{}
		for k, m := range s.Released {
			if r.namedOutside(k, f) {
				released[k] = m
			} else {
				e.freesMy = true
			}
		}
		if !first && (!maps.Equal(acquired, e.acquired) || !maps.Equal(released, e.released)) {
			e.unsure = true
		}
		first = false
		e.acquired, e.released = acquired, released
	}
	if e.unsure {
		e.acquired, e.released = map[Key]Mode{}, map[Key]Mode{}
	}
	return e
}

// namedOutside reports whether callers of f have a name for the place.
func (r *Result) namedOutside(k Key, f *Func) bool {
	switch root := k.Root.(type) {
	case nil:
		return false
	case *ssa.Global:
		return true
	case *ssa.Parameter:
		return !strings.Contains(k.Path, "[#") || root.Parent() != f.Fn
	}
	return k.Root.Parent() != nil && k.Root.Parent() != f.Fn
}

// Releases reports whether a function gives back a lock that its caller holds.
func (r *Result) Releases(f *Func) bool { return len(f.effect.released) > 0 || f.effect.unsure }

// Unsure reports whether what a function does to its caller's locks depends on the
// way it takes.
func (r *Result) Unsure(f *Func) bool { return f.effect.unsure }
