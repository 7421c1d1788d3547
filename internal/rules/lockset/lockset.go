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
	"go/types"
	"maps"
	"reflect"

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
	// origins counts the values whose origin was looked for.
	origins int
	conds   map[*types.Var]string // a Cond field to the way to its lock
	takers  []*types.Signature    // of function values that lock
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

func (r *Result) instructions(visit func(*Func, ssa.Instruction)) {
	for _, f := range r.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				visit(f, instr)
			}
		}
	}
}

// BeforeDeferred is what is known when a deferred call runs, nil where it
// never does.
func (f *Func) BeforeDeferred(d *ssa.Defer) *State { return f.deferred[d] }
