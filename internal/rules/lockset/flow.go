package lockset

import (
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// Flow says where function values come from: from the caller, as the load of a
// GetOrLoad or the task of a Submit, or from functions of the package. It is a
// field-based, flow-insensitive propagation in which a container and its
// elements count as one place (compare Pearce, Kelly and Hankin, "Efficient
// field-sensitive pointer analysis of C", TOPLAS 2007, made coarser).
type Flow struct {
	r     *Result
	edges map[any][]any
	// sets holds, for every place, the functions that can be there and the
	// parameters of the API that can have come there.
	sets  map[any]map[ssa.Value]bool
	boxed map[*types.TypeName]bool
	calls map[string]bool // method names called through interfaces
	// foreign says that a type's method may be called by other packages.
	foreign bool
}

func newFlow(r *Result) *Flow {
	fl := &Flow{r: r, edges: map[any][]any{}, sets: map[any]map[ssa.Value]bool{}, boxed: map[*types.TypeName]bool{}, calls: map[string]bool{}}
	internal := r.givenOwnFunctions()
	for _, f := range r.Funcs {
		// Only what methods are given: what a constructor or an option is given
		// belongs to the set-up.
		if f.API && f.Fn.Signature.Recv() != nil {
			for _, p := range f.Fn.Params {
				if _, ok := p.Type().Underlying().(*types.Signature); ok && !internal[p] {
					fl.seed(p, p)
				}
			}
		}
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				fl.instruction(f, instr)
			}
		}
	}
	fl.propagate()
	return fl
}

// givenOwnFunctions are the parameters to which the package itself hands
// functions of its own. With(func(*state) error) of a guard with an exported name
// is a tool of the package, and what it runs is not the caller's.
func (r *Result) givenOwnFunctions() map[*ssa.Parameter]bool {
	out := map[*ssa.Parameter]bool{}
	r.instructions(func(_ *Func, instr ssa.Instruction) {
		ci, ok := instr.(ssa.CallInstruction)
		if !ok {
			return
		}
		callee := r.Callee(ci.Common())
		if callee == nil {
			return
		}
		for i, a := range ci.Common().Args {
			switch a.(type) {
			case *ssa.MakeClosure, *ssa.Function:
				if i < len(callee.Fn.Params) {
					out[callee.Fn.Params[i]] = true
				}
			}
		}
	})
	return out
}

func (fl *Flow) seed(place any, v ssa.Value) {
	if fl.sets[place] == nil {
		fl.sets[place] = map[ssa.Value]bool{}
	}
	fl.sets[place][v] = true
}

func (fl *Flow) edge(from, to any) {
	if from != nil && to != nil && from != to {
		fl.edges[from] = append(fl.edges[from], to)
	}
}

// place is the node of a value. Functions are seeded where they occur.
func (fl *Flow) place(v ssa.Value) any {
	switch v := v.(type) {
	case *ssa.Function:
		fl.seed(v, v)
		return v
	case *ssa.MakeClosure:
		fl.seed(v, v.Fn)
		return v
	case *ssa.FieldAddr:
		return fieldOf(v.X.Type(), v.Field).Origin()
	case *ssa.Field:
		return fieldOf(v.X.Type(), v.Field).Origin()
	case *ssa.FreeVar:
		if b := binding(v); b != nil {
			return fl.place(b)
		}
	case *ssa.Const:
		return nil
	}
	return v
}

func (fl *Flow) instruction(f *Func, instr ssa.Instruction) {
	link := func(from, to ssa.Value) { fl.edge(fl.place(from), fl.place(to)) }
	switch v := instr.(type) {
	case *ssa.Store:
		link(v.Val, v.Addr)
		// The elements of a container are the container: both ways.
		link(v.Addr, v.Addr)
	case *ssa.UnOp:
		if v.Op == token.MUL || v.Op == token.ARROW {
			link(v.X, v)
			link(v, v.X)
		}
	case *ssa.IndexAddr:
		link(v.X, v)
		link(v, v.X)
	case *ssa.Index:
		link(v.X, v)
	case *ssa.Lookup:
		link(v.X, v)
	case *ssa.MapUpdate:
		link(v.Value, v.Map)
	case *ssa.Slice:
		link(v.X, v)
		link(v, v.X)
	case *ssa.Send:
		link(v.X, v.Chan)
	case *ssa.Select:
		for _, st := range v.States {
			if st.Dir == types.SendOnly {
				link(st.Send, st.Chan)
			} else {
				link(st.Chan, v)
			}
		}
	case *ssa.Range:
		link(v.X, v)
	case *ssa.Next:
		link(v.Iter, v)
	case *ssa.Extract:
		link(v.Tuple, v)
	case *ssa.Phi:
		for _, e := range v.Edges {
			link(e, v)
		}
	case *ssa.ChangeType:
		link(v.X, v)
	case *ssa.MakeInterface:
		link(v.X, v)
		if tn := NamedOf(v.X.Type()); tn != nil {
			fl.boxed[tn] = true
		}
	case *ssa.ChangeInterface:
		link(v.X, v)
	case *ssa.TypeAssert:
		link(v.X, v)
	}
	ci, ok := instr.(ssa.CallInstruction)
	if !ok {
		return
	}
	c := ci.Common()
	res, _ := instr.(*ssa.Call)
	if c.IsInvoke() {
		fl.calls[c.Method.Name()] = true
		return
	}
	if b, ok := c.Value.(*ssa.Builtin); ok {
		if (b.Name() == "append") && res != nil {
			for _, a := range c.Args {
				link(a, res)
			}
		}
		return
	}
	if callee := fl.r.Callee(c); callee != nil {
		for i, a := range c.Args {
			if i < len(callee.Fn.Params) {
				link(a, callee.Fn.Params[i])
			}
		}
		if res != nil {
			for _, ret := range returns(callee.Fn) {
				for _, v := range ret.Results {
					link(v, res)
				}
			}
		}
		return
	}
	if fn := c.StaticCallee(); fn != nil && fn.Object() != nil && fn.Object().Pkg() != nil {
		// Containers of the standard library: what goes in may come out.
		switch fn.Object().Pkg().Path() {
		case "container/list", "container/heap", "container/ring", "slices", "maps", "sync", "sync/atomic":
			if len(c.Args) > 0 {
				for _, a := range c.Args[1:] {
					link(a, c.Args[0])
				}
				if res != nil {
					link(c.Args[0], res)
				}
			}
			fl.foreign = true
		case "sort":
			fl.foreign = true
		}
	}
}

// invoked reports whether a method of that name may be called through an
// interface.
func (fl *Flow) invoked(name string) bool {
	return fl.foreign || fl.calls[name] || token.IsExported(name)
}

func (fl *Flow) propagate() {
	work := slices.Collect(maps.Keys(fl.sets))
	for len(work) > 0 {
		p := work[len(work)-1]
		work = work[:len(work)-1]
		for _, to := range fl.edges[p] {
			grown := false
			for v := range fl.sets[p] {
				if !fl.sets[to][v] {
					fl.seed(to, v)
					grown = true
				}
			}
			if grown {
				work = append(work, to)
			}
		}
	}
}

// Callees are the functions with a body that a function value may be, in the
// order of the source.
func (fl *Flow) Callees(v ssa.Value) []*ssa.Function {
	var out []*ssa.Function
	for x := range fl.sets[fl.place(v)] {
		if fn, ok := x.(*ssa.Function); ok {
			out = append(out, fn)
		}
	}
	slices.SortFunc(out, func(a, b *ssa.Function) int {
		if a.Pos() != b.Pos() {
			return int(a.Pos() - b.Pos())
		}
		return strings.Compare(a.String(), b.String())
	})
	return out
}

// FromCaller returns the parameter of an exported function through which the
// function value came in, nil if it did not.
func (fl *Flow) FromCaller(v ssa.Value) *ssa.Parameter {
	var found *ssa.Parameter
	for x := range fl.sets[fl.place(v)] {
		if p, ok := x.(*ssa.Parameter); ok && (found == nil || p.Pos() < found.Pos()) {
			found = p
		}
	}
	return found
}
