package callback

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "callback",
	Doc:      "report calls of the caller's functions with a lock held",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	reported := map[token.Pos]bool{}
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				call, ok := instr.(*ssa.Call)
				if !ok || call.Call.IsInvoke() || call.Call.StaticCallee() != nil {
					continue
				}
				if _, ok := call.Call.Value.(*ssa.Builtin); ok {
					continue
				}
				from := locks.Flow.FromCaller(call.Call.Value)
				if from == nil || !isWork(from) {
					continue
				}
				for _, v := range locks.Views(f, instr) {
					k, ok := holds(locks, v, 0)
					if !ok || v.Unknown || reported[call.Pos()] {
						continue
					}
					reported[call.Pos()] = true
					pass.Report(analysis.Diagnostic{
						Pos:     call.Pos(),
						Message: fmt.Sprintf("%s is called with %s held: if it comes back to this object it waits for itself, and meanwhile everybody waits for it", from.Name(), k.Name()),
						Related: []analysis.RelatedInformation{{Pos: from.Pos(), Message: "it comes in here"}},
					})
				}
			}
		}
	}
	return nil, nil
}

// isWork reports whether the function is one that does something and may fail,
// as a load and a task do. One that only compares, visits or converts is called
// under the lock by design.
func isWork(p *ssa.Parameter) bool {
	sig, ok := p.Type().Underlying().(*types.Signature)
	if !ok || sig.Results().Len() == 0 {
		return false
	}
	res := sig.Results()
	return types.Identical(res.At(res.Len()-1).Type(), types.Universe.Lookup("error").Type())
}

// holds finds a lock of the component that is held. One that has no name in this
// function, as in a helper that is handed nothing but the task, is looked for
// in the callers.
func holds(locks *lockset.Result, v lockset.View, depth int) (lockset.Key, bool) {
	if k, ok := component(v); ok {
		return k, true
	}
	call := v.Context.Call
	if _, unnamed := v.Locks[lockset.Other]; !unnamed || call == nil || depth > 8 || v.Unknown {
		return lockset.Key{}, false
	}
	for _, up := range locks.CallViews(call) {
		if up.Unknown {
			continue
		}
		if k, ok := holds(locks, up, depth+1); ok {
			return k, true
		}
	}
	return lockset.Key{}, false
}

// component picks a lock that belongs to the component and not to the one
// call: the flight of a load may well be locked while it is in the air.
func component(v lockset.View) (best lockset.Key, ok bool) {
	for k := range v.Locks {
		switch root := k.Root.(type) {
		case *ssa.Global:
		case *ssa.Parameter:
			// The receiver, or what hangs from it by fields.
			if root.Parent().Signature.Recv() == nil || root != root.Parent().Params[0] || strings.ContainsAny(k.Path, "[") {
				if !holdsContainer(root.Type()) {
					continue
				}
			}
		case nil:
			continue
		default:
			if !holdsContainer(k.Root.Type()) {
				continue
			}
		}
		if !ok || k.String() < best.String() {
			best, ok = k, true
		}
	}
	return best, ok
}

// holdsContainer reports whether the object that a lock lies in is one that
// many calls share, such as a shard: it holds a map, a slice or a list.
func holdsContainer(t types.Type) bool {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for i := range s.NumFields() {
		switch s.Field(i).Type().Underlying().(type) {
		case *types.Map, *types.Slice:
			return true
		}
	}
	return false
}
