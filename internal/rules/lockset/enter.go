package lockset

import (
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// maxContexts bounds the ways of entering a function that are kept apart. With
// more the function counts as opaque.
const maxContexts = 64

// findCalls collects the calls of every function of the package, and marks as
// opaque those whose value goes where we do not follow.
func (r *Result) findCalls() {
	r.instructions(func(f *Func, instr ssa.Instruction) {
		if ci, ok := instr.(ssa.CallInstruction); ok {
			c := ci.Common()
			if callee := r.Callee(c); callee != nil {
				kind := Direct
				switch instr.(type) {
				case *ssa.Go:
					kind = Spawned
				case *ssa.Defer:
					kind = Deferred
				}
				r.addCall(&Call{Caller: f, Callee: callee, Instr: instr, Kind: kind, Args: c.Args})
			}
		}
		for _, op := range instr.Operands(nil) {
			if *op != nil {
				r.useOfFunction(f, instr, *op)
			}
		}
	})
	// A method whose type becomes an interface may be called through it.
	for _, f := range r.Funcs {
		recv := f.Fn.Signature.Recv()
		if recv == nil || f.API || f.Fn.Parent() != nil {
			continue
		}
		if tn := NamedOf(recv.Type()); tn != nil && r.Flow.boxed[tn] && r.Flow.invoked(f.Fn.Name()) {
			f.Opaque = true
		}
	}
}

func (r *Result) addCall(c *Call) { c.Callee.Calls = append(c.Callee.Calls, c) }

// useOfFunction looks at one use of a function as a value.
func (r *Result) useOfFunction(f *Func, instr ssa.Instruction, v ssa.Value) {
	var callee *Func
	var bound []ssa.Value
	switch v := v.(type) {
	case *ssa.MakeClosure:
		fn := v.Fn.(*ssa.Function)
		if callee = r.Of(fn); callee == nil && strings.HasPrefix(fn.Synthetic, "bound method wrapper") {
			callee = r.Of(r.methodOf(fn))
			bound = v.Bindings
		}
	case *ssa.Function:
		if callee = r.Of(v); callee == nil {
			callee = r.Of(r.methodOf(v))
		}
	}
	if callee == nil {
		return
	}
	switch instr := instr.(type) {
	case *ssa.MakeClosure, *ssa.DebugRef:
		return
	case *ssa.Store:
		if alloc, ok := instr.Addr.(*ssa.Alloc); ok && instr.Val == v && r.onlyCalled(alloc) {
			return
		}
	case ssa.CallInstruction:
		c := instr.Common()
		if c.Value == v && bound == nil {
			return
		}
		if c.Value == v {
			kind := Direct
			switch instr.(type) {
			case *ssa.Go:
				kind = Spawned
			case *ssa.Defer:
				kind = Deferred
			}
			r.addCall(&Call{Caller: f, Callee: callee, Instr: instr, Kind: kind, Args: append(bound, c.Args...)})
			return
		}
		if _, ok := instr.(*ssa.Call); !ok && handling(c) != Spawned {
			break
		}
		if g := r.Callee(c); g != nil {
			for i, a := range c.Args {
				if a == v && !r.handedOn(f, instr, g, i, callee, bound) {
					callee.Opaque = true
				}
			}
			return
		}
		// An iterator of the package's own may hold a lock while the body runs.
		own := len(r.Flow.Callees(c.Value)) > 0
		if kind := handling(c); kind == InPlace && !own || kind == Spawned {
			r.addCall(&Call{Caller: f, Callee: callee, Instr: instr, Kind: kind, Args: bound})
			return
		}
	}
	callee.Opaque = true
}

// methodOf is the method that a wrapper calls.
func (r *Result) methodOf(wrapper *ssa.Function) *ssa.Function {
	if wrapper.Synthetic == "" {
		return nil
	}
	if obj, ok := wrapper.Object().(*types.Func); ok && wrapper.Prog != nil {
		return wrapper.Prog.FuncValue(obj.Origin())
	}
	return nil
}

// onlyCalled reports whether a variable that holds a closure is only ever
// called, in which case Callee finds the calls.
func (r *Result) onlyCalled(alloc *ssa.Alloc) bool {
	if r.onlyStore(alloc) == nil {
		return false
	}
	ok := true
	var visit func(addr ssa.Value)
	visit = func(addr ssa.Value) {
		for _, ref := range *addr.Referrers() {
			switch ref := ref.(type) {
			case *ssa.UnOp:
				for _, use := range *ref.Referrers() {
					ci, isCall := use.(ssa.CallInstruction)
					if _, dbg := use.(*ssa.DebugRef); !dbg && (!isCall || ci.Common().Value != ref) {
						ok = false
					}
				}
			case *ssa.MakeClosure:
				fn := ref.Fn.(*ssa.Function)
				for i, b := range ref.Bindings {
					if b == addr && i < len(fn.FreeVars) {
						visit(fn.FreeVars[i])
					}
				}
			}
		}
	}
	visit(alloc)
	return ok
}

// handling says what a function outside of the package does with a function
// that it is handed; Direct where that is not known.
func handling(c *ssa.CallCommon) CallKind {
	fn := c.StaticCallee()
	if fn == nil {
		if _, ok := c.Value.(*ssa.Builtin); !ok && !c.IsInvoke() {
			// The body of a range over an iterator is handed to it.
			for _, a := range c.Args {
				if mc, ok := a.(*ssa.MakeClosure); ok && strings.HasPrefix(mc.Fn.(*ssa.Function).Synthetic, "range-over-func") {
					return InPlace
				}
			}
		}
		return Direct
	}
	obj := fn.Object()
	if obj == nil || obj.Pkg() == nil {
		return Direct
	}
	switch obj.Pkg().Path() {
	case "sync":
		switch obj.Name() {
		case "Go":
			return Spawned
		case "Do", "Range":
			return InPlace
		}
	case "slices", "maps", "sort", "strings", "bytes":
		return InPlace
	case "time", "context":
		if obj.Name() == "AfterFunc" {
			return Spawned
		}
	case "golang.org/x/sync/errgroup":
		if obj.Name() == "Go" || obj.Name() == "TryGo" {
			return Spawned
		}
	}
	return Direct
}

// Starts reports whether an instruction starts a goroutine.
func Starts(instr ssa.Instruction) bool {
	switch instr := instr.(type) {
	case *ssa.Go:
		return true
	case *ssa.Call:
		return handling(&instr.Call) == Spawned
	}
	return false
}

// handedOn follows a function that is handed to another one of ours as its i-th
// argument. It reports whether every use there is understood.
func (r *Result) handedOn(f *Func, instr ssa.Instruction, g *Func, i int, callee *Func, bound []ssa.Value) bool {
	if i >= len(g.Fn.Params) {
		return false
	}
	outer := &Call{Caller: f, Callee: g, Instr: instr, Kind: Direct, Args: instr.(ssa.CallInstruction).Common().Args}
	addr := ssa.Value(g.Fn.Params[i])
	return r.usesOfParam(addr, g, outer, callee, bound)
}

func (r *Result) usesOfParam(v ssa.Value, g *Func, outer *Call, callee *Func, bound []ssa.Value) bool {
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.DebugRef:
		case *ssa.Call:
			if ref.Call.Value != v {
				return false
			}
			r.addCall(&Call{Caller: g, Callee: callee, Instr: ref, Kind: Direct, Args: append(bound, ref.Call.Args...), via: outer})
		case *ssa.Defer:
			if ref.Call.Value != v {
				return false
			}
			r.addCall(&Call{Caller: g, Callee: callee, Instr: ref, Kind: Deferred, Args: append(bound, ref.Call.Args...), via: outer})
		case *ssa.Go:
			if ref.Call.Value != v {
				return false
			}
			r.addCall(&Call{Caller: g, Callee: callee, Instr: ref, Kind: Spawned, Args: append(bound, ref.Call.Args...)})
		case *ssa.BinOp: // compared with nil
		default:
			return false
		}
	}
	return true
}

// HandedBy is the call by which the caller was handed the callee that it runs, nil
// where it knows the callee by itself.
func (c *Call) HandedBy() ssa.Instruction {
	if c.via == nil {
		return nil
	}
	return c.via.Instr
}

// StateAt is the state in which the call runs.
func (c *Call) StateAt() *State {
	if d, ok := c.Instr.(*ssa.Defer); ok && c.Kind == Deferred {
		return c.Caller.deferred[d]
	}
	return c.Caller.before[c.Instr]
}

// enter computes the contexts of all functions from those of the API and of
// the goroutines.
func (r *Result) enter() {
	var work []*Func
	runsArguments := map[*Func]bool{}
	for _, f := range r.Funcs {
		for _, c := range f.Calls {
			if c.via != nil {
				runsArguments[c.Caller] = true
			}
		}
	}
	push := func(f *Func, ctx Context) {
		key := ctx.key()
		if runsArguments[f] && ctx.Call != nil {
			// What it runs depends on who calls it.
			key += fmt.Sprintf("%p", ctx.Call.Instr)
		}
		if f.ctxKeys[key] {
			return
		}
		if len(f.Contexts) >= maxContexts {
			f.Opaque = true
			return
		}
		f.ctxKeys[key] = true
		f.Contexts = append(f.Contexts, ctx)
		work = append(work, f)
	}
	callsFrom := map[*Func][]*Call{}
	for _, f := range r.Funcs {
		for _, c := range f.Calls {
			callsFrom[c.Caller] = append(callsFrom[c.Caller], c)
		}
	}
	for _, f := range r.Funcs {
		if f.API {
			push(f, Context{})
		}
	}
	for _, f := range r.Funcs {
		for _, c := range f.Calls {
			if c.Kind == Spawned {
				push(f, Context{Origin: f.Fn})
			}
		}
	}
	for len(work) > 0 {
		f := work[0]
		work = work[1:]
		for _, c := range callsFrom[f] {
			if c.Kind == Spawned || r.fresh(c) {
				continue
			}
			s := c.StateAt()
			if s == nil {
				continue
			}
			if s.Unknown || f.Opaque {
				c.Callee.Opaque = true
			}
			for i := range f.Contexts {
				if from := &f.Contexts[i]; c.runsIn(from) {
					push(c.Callee, r.down(c, s, from))
				}
			}
		}
	}
	// Opaqueness runs downwards as well.
	for changed := true; changed; {
		changed = false
		for _, f := range r.Funcs {
			if !f.Opaque {
				continue
			}
			for _, c := range callsFrom[f] {
				if c.Kind != Spawned && !c.Callee.Opaque && len(f.Contexts) == 0 {
					c.Callee.Opaque, changed = true, true
				}
			}
		}
	}
}

// runsIn reports whether a call can come to pass in a context of its caller: what
// a helper was handed by one call of it, it does not run in another.
func (c *Call) runsIn(ctx *Context) bool {
	return c.via == nil || ctx.Call == nil || ctx.Call.Instr == c.via.Instr
}

func (c Context) key() string {
	var b strings.Builder
	for _, k := range sortedKeys(c.Locks) {
		b.WriteString(k.String())
		b.WriteByte('0' + byte(c.Locks[k]))
		b.WriteByte(' ')
	}
	if c.Synced {
		b.WriteString("synced ")
	}
	if c.Origin != nil {
		b.WriteString(c.Origin.String() + c.Origin.Name())
	}
	return b.String()
}

// once reports whether a call is made by a sync.Once: whoever uses what it did has
// been through the Once as well.
func (c *Call) once() bool {
	ci, ok := c.Instr.(ssa.CallInstruction)
	if !ok || c.Kind != InPlace {
		return false
	}
	fn := ci.Common().StaticCallee()
	return fn != nil && fn.Name() == "Do" && len(ci.Common().Args) > 0 && IsSync(ci.Common().Args[0].Type(), "Once")
}

// down is the context in which the callee is entered.
func (r *Result) down(c *Call, s *State, from *Context) Context {
	ctx := Context{Locks: map[Key]Mode{}, Synced: s.Synced || from.Synced || c.once(), Origin: from.Origin, Call: c}
	locks := map[Key]Mode{}
	for k, m := range from.Locks {
		if _, gone := s.Released[k]; !gone {
			locks[k] = m
		}
	}
	maps.Copy(locks, s.Held)
	named := 0
	for k, m := range locks {
		n := len(ctx.Locks)
		r.intoCallee(c, k, m, ctx.Locks)
		if len(ctx.Locks) > n {
			named++
		}
	}
	if named < len(locks) || len(s.May) > len(s.Held) {
		ctx.Locks[Other] = Mixed
	}
	return ctx
}

// intoCallee adds the callee's names for a lock of the caller.
func (r *Result) intoCallee(c *Call, k Key, m Mode, into map[Key]Mode) {
	switch k.Root.(type) {
	case nil:
		into[k] = m
		return
	case *ssa.Global:
		into[k] = m
		return
	}
	if c.via != nil {
		// From the helper's language to that of the function which handed the
		// closure in.
		t, ok := r.translator(c.via.Callee, c.via.Args, c.via.Caller)(k)
		if !ok {
			return
		}
		k = t
	}
	if k.Root == nil {
		into[k] = m
		return
	}
	if p := k.Root.Parent(); p != nil && encloses(p, c.Callee.Fn) {
		into[k] = m
		return
	}
	args := c.Args
	for i, a := range args {
		if i >= len(c.Callee.Fn.Params) || a == nil {
			break
		}
		base := r.Resolve(a)
		if c.via != nil && len(args) > 0 {
			// Bound receivers are named by the outer function already.
			if p := base.Root.Parent(); p == c.Caller.Fn && p != c.via.Caller.Fn {
				if base, _ = r.translator(c.via.Callee, c.via.Args, c.via.Caller)(base); base.Root == nil {
					continue
				}
			}
		}
		if rest, ok := k.extends(base); ok && !r.indexedBy(rest, c.Callee.Fn) {
			into[Key{c.Callee.Fn.Params[i], rest}] = m
		}
	}
}

// fresh reports whether a call works on an object that its caller has just made
// and that nobody else can know yet.
func (r *Result) fresh(c *Call) bool {
	if c.Kind != Direct && c.Kind != Deferred || len(c.Args) == 0 || c.via != nil {
		return false
	}
	for i, a := range c.Args {
		// Of the arguments after the first only the component itself counts, as in
		// options.apply(c): an entry that is put in is new while all else is not.
		if tn := NamedOf(a.Type()); i > 0 && (tn == nil || !tn.Exported() || tn.Pkg() != r.pass.Pkg || r.isPart(tn)) {
			continue
		}
		if r.Fresh(r.Resolve(a), c.Caller) {
			return true
		}
	}
	return false
}

// Fresh reports whether a place is part of an object that f itself has made, or
// that a function which f calls has made for it.
func (r *Result) Fresh(k Key, f *Func) bool {
	// What hangs from a new object counts as new with it: that is the shards of
	// a constructor far more often than a pointer to something shared.
	alloc, ok := k.Root.(*ssa.Alloc)
	if !ok || alloc.Parent() == f.Fn {
		return k.Root != nil && k.Root.Parent() == f.Fn && r.isNew(k.Root, 0) == made
	}
	// A closure that only its maker calls works on the maker's object.
	if !encloses(alloc.Parent(), f.Fn) || f.Opaque || len(f.Calls) == 0 {
		return false
	}
	for _, c := range f.Calls {
		if c.Kind == Spawned || c.Caller.Fn != alloc.Parent() {
			return false
		}
	}
	return true
}

// newness says where a value comes from.
type newness int

const (
	known   newness = iota // somebody else may know it
	nothing                // nil, or the variable itself again
	made                   // made by the function
)

// isNew looks at where a value comes from. A variable, such as a named result,
// is new if it only ever holds something new or nothing.
func (r *Result) isNew(v ssa.Value, depth int) newness {
	// Functions that hand up what others made have ways that multiply.
	const most = 1 << 20
	if r.origins++; depth > 8 || r.origins > most {
		return known
	}
	depth++
	all := func(vs ...ssa.Value) newness {
		sum := nothing
		for _, v := range vs {
			switch r.isNew(v, depth) {
			case known:
				return known
			case made:
				sum = made
			}
		}
		return sum
	}
	switch v := v.(type) {
	case *ssa.Const:
		return nothing
	case *ssa.Alloc, *ssa.MakeSlice, *ssa.MakeMap:
		return made
	case *ssa.Slice:
		return r.isNew(r.Resolve(v.X).Root, depth)
	case *ssa.UnOp:
		alloc, ok := v.X.(*ssa.Alloc)
		if !ok || alloc.Parent() != v.Parent() {
			return known
		}
		var stored []ssa.Value
		for _, ref := range *alloc.Referrers() {
			st, ok := ref.(*ssa.Store)
			if !ok || st.Addr != alloc {
				continue
			}
			if again, ok := st.Val.(*ssa.UnOp); ok && again.X == alloc {
				continue // "return x" of a named result
			}
			stored = append(stored, st.Val)
		}
		return all(stored...)
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok {
			return all(r.results(call, v.Index)...)
		}
	case *ssa.Call:
		if from := r.accessed(v); from != nil {
			return r.isNew(from, depth)
		}
		return all(r.results(v, 0)...)
	}
	return known
}

// accessed is the argument that what a call of ours returns hangs from, whichever
// way it returns, nil where it may be something else: c in c.shard(key).
func (r *Result) accessed(call *ssa.Call) ssa.Value {
	callee := r.Callee(&call.Call)
	if callee == nil || len(returns(callee.Fn)) == 0 {
		return nil
	}
	var from ssa.Value
	for _, ret := range returns(callee.Fn) {
		if len(ret.Results) != 1 {
			return nil
		}
		param, ok := r.Resolve(ret.Results[0]).Root.(*ssa.Parameter)
		if !ok {
			return nil
		}
		i := slices.Index(callee.Fn.Params, param)
		if i < 0 || i >= len(call.Call.Args) {
			return nil
		}
		root := r.Resolve(call.Call.Args[i]).Root
		if from != nil && root != from {
			return nil
		}
		from = root
	}
	return from
}

// results are the values that a called function of ours may return; the call
// itself, which is not new, where it is none of ours.
func (r *Result) results(call *ssa.Call, i int) []ssa.Value {
	callee := r.Callee(&call.Call)
	if callee == nil {
		return []ssa.Value{call.Call.Value}
	}
	var out []ssa.Value
	for _, ret := range returns(callee.Fn) {
		if i < len(ret.Results) {
			out = append(out, ret.Results[i])
		}
	}
	return out
}

// InCaller is the caller's name for a place that the callee of a call names.
func (r *Result) InCaller(k Key, callee *Func, c *ssa.CallCommon, caller *Func) (Key, bool) {
	return r.translator(callee, c.Args, caller)(k)
}

// CallViews returns the ways in which the caller arrives at a call.
func (r *Result) CallViews(c *Call) []View { return r.views(c.Caller, c.StateAt()) }

// Entries are the functions through which f is reached: those of the API, and
// those that a go statement starts.
func (r *Result) Entries(f *Func) []*Func {
	var out []*Func
	seen := map[*Func]bool{}
	var walk func(g *Func)
	walk = func(g *Func) {
		if seen[g] {
			return
		}
		seen[g] = true
		spawned := false
		for _, c := range g.Calls {
			if c.Kind == Spawned {
				spawned = true
			} else {
				walk(c.Caller)
			}
		}
		if g.API || spawned {
			out = append(out, g)
		}
	}
	walk(f)
	return out
}
