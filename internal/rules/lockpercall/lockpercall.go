package lockpercall

import (
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "lockpercall",
	Doc:      "report locks that no other goroutine can ever hold",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				ci, ok := instr.(ssa.CallInstruction)
				if !ok || len(ci.Common().Args) == 0 {
					continue
				}
				c := ci.Common()
				op, key, ok := locks.LockOperation(c)
				what := "lock"
				if !ok {
					callee := c.StaticCallee()
					if callee == nil || callee.Name() != "Do" || !lockset.IsSync(c.Args[0].Type(), "Once") {
						continue
					}
					what, key = "sync.Once", locks.Resolve(c.Args[0])
					if oneOfSeveral(key, instr) {
						continue
					}
				} else if op != lockset.Lock && op != lockset.RLock {
					continue
				}
				if isPrivate(locks, key, f.Fn) {
					pass.Reportf(c.Pos(), "this %s is made anew by every call: no two goroutines ever meet at it", what)
				}
			}
		}
	}
	return nil, nil
}

// oneOfSeveral reports whether a Once keeps this very call from doing a thing twice,
// early and when it returns, or in each round of a loop.
func oneOfSeveral(key lockset.Key, do ssa.Instruction) bool {
	alloc, ok := key.Root.(*ssa.Alloc)
	if !ok {
		return false
	}
	calls := 0
	for _, ref := range *alloc.Referrers() {
		if _, ok := ref.(ssa.CallInstruction); ok {
			calls++
		}
	}
	return calls > 1 || lockset.InCycle(do.Block()) && !lockset.InCycle(alloc.Block())
}

// isPrivate reports whether the lock is a variable of this very call that
// nothing else can get at.
func isPrivate(locks *lockset.Result, key lockset.Key, fn *ssa.Function) bool {
	switch root := key.Root.(type) {
	case *ssa.Alloc:
		return key.Path == "" && root.Parent() == fn && isGuard(root.Type()) && !shared(root)
	case *ssa.Call:
		// A function that makes a new lock and returns it.
		callee := locks.Callee(&root.Call)
		if callee == nil || key.Path != "" || !isGuard(root.Type()) {
			return false
		}
		found := false
		for _, b := range callee.Fn.Blocks {
			ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if !ok {
				continue
			}
			if len(ret.Results) != 1 {
				return false
			}
			alloc, ok := ret.Results[0].(*ssa.Alloc)
			if !ok || sharedBeside(alloc, ret) {
				return false
			}
			found = true
		}
		return found && !sharedBeside(root, nil)
	}
	return false
}

func isGuard(t types.Type) bool {
	return lockset.IsMutex(t) || lockset.IsSync(t, "Once")
}

// shared reports whether the address goes anywhere but into the methods of
// sync: a closure, another function, a field.
func shared(v ssa.Value) bool { return sharedBeside(v, nil) }

func sharedBeside(v ssa.Value, allowed ssa.Instruction) bool {
	for _, ref := range *v.Referrers() {
		if ref == allowed {
			continue
		}
		switch ref := ref.(type) {
		case *ssa.DebugRef:
		case *ssa.Store:
			if ref.Val == v {
				return true
			}
		case ssa.CallInstruction:
			c := ref.Common()
			callee := c.StaticCallee()
			if callee == nil || callee.Object() == nil || callee.Object().Pkg() == nil || callee.Object().Pkg().Path() != "sync" || callee.Name() == "NewCond" {
				return true
			}
		case *ssa.UnOp, *ssa.BinOp:
		case *ssa.MakeClosure:
			// A closure that is only deferred or called here is still this call,
			// unless it lets the lock out itself.
			if !onlyHere(ref) {
				return true
			}
			fn := ref.Fn.(*ssa.Function)
			for i, b := range ref.Bindings {
				if b == v && i < len(fn.FreeVars) && shared(fn.FreeVars[i]) {
					return true
				}
			}
		default:
			return true
		}
	}
	return false
}

// onlyHere reports whether a closure runs in this call only.
func onlyHere(mc *ssa.MakeClosure) bool {
	for _, ref := range *mc.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Defer:
			if ref.Call.Value != mc {
				return false
			}
		case *ssa.Call:
			if ref.Call.Value != mc {
				return false
			}
		case *ssa.DebugRef:
		default:
			return false
		}
	}
	return true
}
