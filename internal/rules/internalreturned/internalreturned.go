package internalreturned

import (
	"fmt"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "internalreturned",
	Doc:      "report exported methods that return a guarded map or slice without a copy",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	// Only fields that are changed under a lock: what is set once and never
	// touched again may be shared.
	changed := map[lockset.Field]bool{}
	for _, a := range locks.Accesses() {
		if !a.Write || a.Fresh {
			continue
		}
		for _, v := range a.Views {
			if len(a.Guards(v)) > 0 {
				changed[a.Field] = true
			}
		}
	}
	for _, f := range locks.Funcs {
		if !f.API || f.Fn.Signature.Recv() == nil {
			continue
		}
		for _, b := range f.Fn.Blocks {
			ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if !ok || b == f.Fn.Recover {
				continue
			}
			for _, v := range ret.Results {
				load := source(locks, v, map[ssa.Value]bool{})
				if load == nil {
					continue
				}
				fa := load.X.(*ssa.FieldAddr)
				field, ok := lockset.FieldOf(fa)
				if !ok || !changed[field] && !changed[lockset.Field{Owner: field.Owner, Name: field.Name + "[]"}] ||
					locks.Fresh(locks.Resolve(fa.X), locks.Of(load.Parent())) || replaced(locks, load) || replacedIn(locks, f.Fn, field) {
					continue
				}
				at := ret.Pos()
				if load.Parent() == f.Fn && load.Pos().IsValid() {
					at = load.Pos()
				}
				if !at.IsValid() {
					at = f.Fn.Pos()
				}
				pass.Reportf(at, "%s", fmt.Sprintf("%s leaves the lock without a copy: the caller reads and changes what others are using", field))
			}
		}
	}
	return nil, nil
}

// source follows a returned map or slice back to the field that it is, through
// slicing, helpers and branches; nil if there is a copy on the way.
func source(locks *lockset.Result, v ssa.Value, seen map[ssa.Value]bool) *ssa.UnOp {
	if seen[v] {
		return nil
	}
	seen[v] = true
	switch v.Type().Underlying().(type) {
	case *types.Map, *types.Slice:
	default:
		return nil
	}
	switch v := v.(type) {
	case *ssa.UnOp:
		if v.Op != token.MUL {
			return nil
		}
		if _, ok := v.X.(*ssa.FieldAddr); ok {
			return v
		}
		if alloc, ok := v.X.(*ssa.Alloc); ok { // a named result
			if last := lockset.LastStore(v); last != nil {
				return source(locks, last, seen)
			}
			for _, ref := range *alloc.Referrers() {
				if st, ok := ref.(*ssa.Store); ok && st.Addr == alloc {
					if u := source(locks, st.Val, seen); u != nil {
						return u
					}
				}
			}
		}
	case *ssa.Slice:
		return source(locks, v.X, seen)
	case *ssa.ChangeType:
		return source(locks, v.X, seen)
	case *ssa.Phi:
		for _, e := range v.Edges {
			if u := source(locks, e, seen); u != nil {
				return u
			}
		}
	case *ssa.Call:
		callee := locks.Callee(&v.Call)
		if callee == nil {
			return nil
		}
		for _, b := range callee.Fn.Blocks {
			if ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && len(ret.Results) == 1 {
				if u := source(locks, ret.Results[0], seen); u != nil {
					return u
				}
			}
		}
	}
	return nil
}

// replaced reports whether the function that loads the field also gives it a
// new value: then what was there has been handed over.
func replaced(locks *lockset.Result, load *ssa.UnOp) bool {
	fa := load.X.(*ssa.FieldAddr)
	field, _ := lockset.FieldOf(fa)
	return replacedIn(locks, load.Parent(), field)
}

func replacedIn(locks *lockset.Result, fn *ssa.Function, field lockset.Field) bool {
	seen := map[*ssa.Function]bool{}
	var walk func(fn *ssa.Function) bool
	walk = func(fn *ssa.Function) bool {
		if seen[fn] {
			return false
		}
		seen[fn] = true
		if stores(fn, field) {
			return true
		}
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if call, ok := instr.(ssa.CallInstruction); ok { // deferred ones, too
					if g := locks.Callee(call.Common()); g != nil && walk(g.Fn) {
						return true
					}
				}
			}
		}
		return false
	}
	return walk(fn)
}

func stores(fn *ssa.Function, field lockset.Field) bool {
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			st, ok := instr.(*ssa.Store)
			if !ok {
				continue
			}
			// The field, a struct by value that it lies in, or the whole object.
			if to, ok := st.Addr.(*ssa.FieldAddr); ok {
				if f, ok := lockset.FieldOf(to); ok && len(f.Name) <= len(field.Name) && f.Overlaps(field) {
					return true
				}
			} else if _, local := st.Addr.(*ssa.Alloc); !local && lockset.NamedOf(st.Addr.Type()) == field.Owner && field.Owner != nil {
				return true
			}
		}
	}
	return false
}
