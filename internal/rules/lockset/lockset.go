// Package lockset computes which locks are held where in one package. It is
// what the rules on critical sections are built on.
//
// It works on SSA form and has three steps. Within a function it follows the
// locks along the control flow (locks held on every path, and on some path).
// Across calls it sums up what a function does to its callers' locks, so that
// Lock and Unlock may be split over helpers. From the calls of a function it
// learns with which locks held, and by whom, the function is entered: an
// exported one by anybody with none, a helper as its callers call it. Compare
// Engler and Ashcraft, "RacerX: effective, static detection of race conditions
// and deadlocks", SOSP 2003.
//
// What it cannot follow it marks unknown, and the rules are silent there.
package lockset

import (
	"go/token"
	"go/types"
	"maps"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/ssa"
)

// Analyzer computes a *Result for a package.
var Analyzer = &analysis.Analyzer{
	Name:       "lockset",
	Doc:        "compute which locks are held at every instruction",
	Requires:   []*analysis.Analyzer{buildssa.Analyzer},
	ResultType: reflect.TypeFor[*Result](),
	Run:        run,
}

// Result is what is known about the locks of a package.
type Result struct {
	// Funcs are the functions and closures in the order of the source.
	Funcs []*Func
	// Flow says where function values come from.
	Flow *Flow

	pass   *analysis.Pass
	byFn   map[*ssa.Function]*Func
	keys   map[ssa.Value]Key
	stores map[*ssa.Alloc]ssa.Value
	ids    map[ssa.Value]int
	conds  map[*types.Var]string // a Cond field to the way to its lock
	takers []*types.Signature    // of function values that lock
}

// Func is one function or closure.
type Func struct {
	Fn *ssa.Function
	// API: any goroutine may call it, holding nothing.
	API bool
	// Contexts are the ways in which the function is entered.
	Contexts []Context
	// Calls are the calls of it that are known.
	Calls []*Call

	// Opaque: it is also called from where we cannot see.
	Opaque bool

	effect effect
	before map[ssa.Instruction]*State
	// deferred are the states in which a deferred call runs.
	deferred map[*ssa.Defer]*State
	edges    map[*ssa.BasicBlock][]*State
	ctxKeys  map[string]bool
}

// Context is one way in which a function is entered.
type Context struct {
	// Locks held by the callers, as the function would name them.
	Locks map[Key]Mode
	// Synced: a caller may have waited for another goroutine before.
	Synced bool
	// Origin is the function that a go statement started, nil where the chain
	// of calls begins at an exported function.
	Origin *ssa.Function
	// Call is the last call of the chain, nil for an API or a goroutine.
	Call *Call
}

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

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[buildssa.Analyzer].(*buildssa.SSA)
	r := &Result{
		pass:   pass,
		byFn:   map[*ssa.Function]*Func{},
		keys:   map[ssa.Value]Key{},
		stores: map[*ssa.Alloc]ssa.Value{},
		ids:    map[ssa.Value]int{},
		conds:  map[*types.Var]string{},
	}
	add := func(fn *ssa.Function) {
		if len(fn.Blocks) > 0 && r.byFn[fn] == nil {
			f := &Func{Fn: fn, API: r.isAPI(fn), ctxKeys: map[string]bool{}}
			r.byFn[fn] = f
			r.Funcs = append(r.Funcs, f)
		}
	}
	var addAll func(fn *ssa.Function)
	addAll = func(fn *ssa.Function) {
		add(fn)
		for _, a := range fn.AnonFuncs {
			addAll(a)
		}
	}
	for _, fn := range in.SrcFuncs {
		addAll(fn)
	}
	if init := in.Pkg.Func("init"); init != nil {
		addAll(init)
	}
	r.Flow = newFlow(r)
	r.findConds()
	r.findTakers()
	for range 12 {
		changed := false
		for _, f := range r.Funcs {
			r.flowThrough(f)
			if e := r.sumUp(f); !e.equal(f.effect) {
				f.effect, changed = e, true
			}
		}
		if !changed {
			break
		}
	}
	r.findCalls()
	r.enter()
	return r, nil
}

// Of returns the function of the package that fn is an instance of, or nil.
func (r *Result) Of(fn *ssa.Function) *Func {
	if fn == nil {
		return nil
	}
	if f := r.byFn[fn]; f != nil {
		return f
	}
	if o := fn.Origin(); o != nil {
		return r.byFn[o]
	}
	return nil
}

// isAPI reports whether code outside of the package can call fn directly.
func (r *Result) isAPI(fn *ssa.Function) bool {
	if fn.Parent() != nil || fn.Object() == nil || !fn.Object().Exported() {
		return fn.Synthetic == "package initializer"
	}
	recv := fn.Signature.Recv()
	if recv == nil {
		return true
	}
	tn := NamedOf(recv.Type())
	return tn == nil || tn.Exported() && !r.isPart(tn) || r.embedded(tn)
}

// isPart reports whether an exported type is but a part of others: a field of a
// struct, and nothing that an exported function takes or gives. Its methods are
// called by those who know the rules of the house.
func (r *Result) isPart(tn *types.TypeName) bool {
	is := func(t types.Type) bool { return NamedOf(t) == tn }
	part := false
	scope := r.pass.Pkg.Scope()
	for _, name := range scope.Names() {
		switch obj := scope.Lookup(name).(type) {
		case *types.Func:
			sig := obj.Signature()
			if obj.Exported() && (mentions(sig.Params(), is) || mentions(sig.Results(), is)) {
				return false
			}
		case *types.TypeName:
			named, ok := obj.Type().(*types.Named)
			if !ok || obj == tn {
				continue
			}
			for m := range named.Methods() {
				if sig := m.Signature(); m.Exported() && (mentions(sig.Params(), is) || mentions(sig.Results(), is)) {
					return false
				}
			}
			if s, ok := named.Underlying().(*types.Struct); ok {
				for f := range s.Fields() {
					part = part || is(f.Type())
					if is(f.Type()) && f.Exported() && !f.Embedded() {
						return false
					}
				}
			}
		}
	}
	return part
}

func mentions(vars *types.Tuple, is func(types.Type) bool) bool {
	for v := range vars.Variables() {
		if is(v.Type()) {
			return true
		}
	}
	return false
}

// embedded reports whether an exported struct embeds the type, so that its
// exported methods are part of the API.
func (r *Result) embedded(tn *types.TypeName) bool {
	scope := r.pass.Pkg.Scope()
	for _, name := range scope.Names() {
		t, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || !t.Exported() {
			continue
		}
		s, ok := t.Type().Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for i := range s.NumFields() {
			if f := s.Field(i); f.Embedded() && NamedOf(f.Type()) == tn {
				return true
			}
		}
	}
	return false
}

// Before returns what is known before an instruction of f; nil where control
// never gets.
func (f *Func) Before(instr ssa.Instruction) *State { return f.before[instr] }

// View is one way of arriving at an instruction: the function's own locks and
// those of one chain of callers together.
type View struct {
	// Locks that are held on every path.
	Locks map[Key]Mode
	// Bare: no lock is held on any path.
	Bare bool
	// Unnamed: a lock may be held that has no name here.
	Unnamed bool
	Synced  bool
	Unknown bool
	Context *Context
}

// Views returns the ways of arriving at an instruction of f.
func (r *Result) Views(f *Func, instr ssa.Instruction) []View {
	return r.views(f, f.before[instr])
}

func (r *Result) views(f *Func, s *State) []View {
	if s == nil {
		return nil
	}
	var views []View
	for i := range f.Contexts {
		ctx := &f.Contexts[i]
		v := View{Locks: map[Key]Mode{}, Synced: s.Synced || ctx.Synced, Unknown: s.Unknown || f.Opaque, Context: ctx}
		for k, m := range ctx.Locks {
			if _, gone := s.Released[k]; !gone {
				v.Locks[k] = m
			}
		}
		maps.Copy(v.Locks, s.Held)
		v.Bare = len(v.Locks) == 0 && len(s.May) == 0
		v.Unnamed = s.May[Other] || v.Locks[Other] != 0
		views = append(views, v)
	}
	return views
}

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

func (r *Result) instructions(visit func(*Func, ssa.Instruction)) {
	for _, f := range r.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				visit(f, instr)
			}
		}
	}
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

// flowThrough computes the states of one function.
func (r *Result) flowThrough(f *Func) {
	f.before = map[ssa.Instruction]*State{}
	f.deferred = map[*ssa.Defer]*State{}
	f.edges = map[*ssa.BasicBlock][]*State{}
	in := map[*ssa.BasicBlock]*State{f.Fn.Blocks[0]: empty}
	if rec := f.Fn.Recover; rec != nil && rec != f.Fn.Blocks[0] {
		in[rec] = empty.unknown()
	}
	work := []*ssa.BasicBlock{f.Fn.Blocks[0]}
	if rec := f.Fn.Recover; rec != nil && rec != f.Fn.Blocks[0] {
		work = append(work, rec)
	}
	for steps := 0; len(work) > 0 && steps < 20000; steps++ {
		b := work[0]
		work = work[1:]
		s := in[b]
		for _, instr := range b.Instrs {
			f.before[instr] = s
			s = r.step(f, s, instr)
		}
		for i, succ := range b.Succs {
			out := r.alongEdge(b, i, s)
			merged := out
			if old, seen := in[succ]; seen {
				merged = merge(old, out)
				if equal(merged, old) {
					continue
				}
			}
			in[succ] = merged
			if !slices.Contains(work, succ) {
				work = append(work, succ)
			}
		}
	}
}

// alongEdge adds what a branch on the result of TryLock tells.
func (r *Result) alongEdge(b *ssa.BasicBlock, succ int, s *State) *State {
	cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
	if !ok {
		return s
	}
	v, want := cond.Cond, 0
	for {
		not, ok := v.(*ssa.UnOp)
		if !ok || not.Op != token.NOT {
			break
		}
		v, want = not.X, 1-want
	}
	call, ok := v.(*ssa.Call)
	if !ok || succ != want {
		return s
	}
	if op, k, ok := r.LockOperation(&call.Call); ok && (op == TryLock || op == TryRLock) {
		return s.lock(k, op.Mode())
	}
	return s
}

// step is the state after an instruction.
func (r *Result) step(f *Func, s *State, instr ssa.Instruction) *State {
	if v, ok := instr.(ssa.Value); ok {
		s = r.redefine(s, v)
	}
	switch instr := instr.(type) {
	case *ssa.Call:
		return r.call(f, s, instr.Common(), instr)
	case *ssa.Go:
		// A goroutine that gives back a lock of ours has been handed it.
		callee := r.Callee(&instr.Call)
		if callee == nil || len(callee.effect.released) == 0 {
			return s
		}
		up := r.translator(callee, instr.Call.Args, f)
		for _, k := range sortedKeys(callee.effect.released) {
			if t, ok := up(k); ok {
				s = s.unlock(t, callee.effect.released[k])
			} else {
				s = s.unknown()
			}
		}
		return s
	case *ssa.Defer:
		c := *s
		c.Defers = append(slices.Clip(c.Defers), instr)
		return &c
	case *ssa.RunDefers:
		for i := len(s.Defers) - 1; i >= 0; i-- {
			d := s.Defers[i]
			f.deferred[d] = merge(f.deferred[d], s)
			s = r.call(f, s, d.Common(), nil)
		}
		if len(s.maybeDefers) > 0 {
			for _, d := range sorted(s.maybeDefers) {
				f.deferred[d] = merge(f.deferred[d], s.unknown())
			}
			// Whether these run depends on the path: keep only what holds
			// either way.
			after := s
			for _, d := range sorted(s.maybeDefers) {
				after = r.call(f, after, d.Common(), nil)
			}
			merged := merge(s, after)
			for k := range s.May {
				if !after.May[k] {
					delete(merged.May, k)
				}
			}
			s = merged
		}
		return s
	case *ssa.UnOp:
		if instr.Op == token.ARROW {
			return s.synced()
		}
	case *ssa.Send, *ssa.Select:
		// A channel with room for one is a lock: who has sent comes after who
		// has received.
		return s.synced()
	}
	return s
}

func sorted(set map[*ssa.Defer]bool) []*ssa.Defer {
	return slices.SortedFunc(maps.Keys(set), func(a, b *ssa.Defer) int { return int(a.Pos() - b.Pos()) })
}

// redefine forgets the names of locks that hang from v: in a loop the value has
// changed, while the lock that it led to is still held.
func (r *Result) redefine(s *State, v ssa.Value) *State {
	mark := ""
	if _, indexed := r.ids[v]; indexed {
		mark = "[" + r.index(v) + "]"
	}
	var hit []Key
	for k := range s.May {
		if k.Root == v || mark != "" && strings.Contains(k.Path, mark) {
			hit = append(hit, k)
		}
	}
	if len(hit) == 0 {
		return s
	}
	c := s.clone()
	for _, k := range hit {
		if m, ok := c.Held[k]; ok {
			c.Held[Other] |= m
		}
		delete(c.Held, k)
		delete(c.May, k)
		c.May[Other] = true
	}
	return c
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

// BeforeDeferred is what is known when a deferred call runs, nil where it
// never does.
func (f *Func) BeforeDeferred(d *ssa.Defer) *State { return f.deferred[d] }

// OnFlag reports whether a block runs only for one value of a bool or of a named
// constant that the function was passed, as in get(key string, locked bool): then
// not every call comes here.
func OnFlag(b *ssa.BasicBlock) bool {
	for d := b.Idom(); d != nil; d = d.Idom() {
		br, ok := d.Instrs[len(d.Instrs)-1].(*ssa.If)
		if !ok {
			continue
		}
		v := br.Cond
		for {
			not, ok := v.(*ssa.UnOp)
			if !ok || not.Op != token.NOT {
				break
			}
			v = not.X
		}
		if cmp, ok := v.(*ssa.BinOp); ok {
			if _, ok := cmp.Y.(*ssa.Const); ok {
				v = cmp.X
			}
		}
		if p, ok := v.(*ssa.Parameter); ok && isFlag(p.Type()) {
			return true
		}
	}
	return false
}

// isFlag reports whether a type has a few values with names, or two.
func isFlag(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		return false
	}
	_, named := types.Unalias(t).(*types.Named)
	return b.Info()&types.IsBoolean != 0 || named && b.Info()&(types.IsInteger|types.IsString) != 0
}

// Releases reports whether a function gives back a lock that its caller holds.
func (r *Result) Releases(f *Func) bool { return len(f.effect.released) > 0 || f.effect.unsure }

// Unsure reports whether what a function does to its caller's locks depends on the
// way it takes.
func (r *Result) Unsure(f *Func) bool { return f.effect.unsure }
