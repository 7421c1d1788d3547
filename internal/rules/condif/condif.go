package condif

import (
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "condif",
	Doc:      "report Cond.Wait that is not followed by a new check of the condition",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	c := checker{locks}
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for i, instr := range b.Instrs {
				call, ok := instr.(*ssa.Call)
				if !ok || !isCondWait(call) {
					continue
				}
				switch c.after(f, b, i) {
				case unchecked:
					pass.Reportf(call.Pos(), "what Wait was waiting for is not checked again when it returns: somebody else may have been faster")
				case returned:
					// A helper that waits once; its callers have to loop.
					if f.API {
						pass.Reportf(call.Pos(), "Wait is not in a loop that checks what it was waiting for")
						continue
					}
					for _, site := range c.unlooped(f, map[*lockset.Func]bool{}) {
						pass.Reportf(site.Instr.Pos(), "this call waits on a Cond, and what it was waiting for is not checked again")
					}
				}
			}
		}
	}
	return nil, nil
}

func isCondWait(call *ssa.Call) bool {
	fn := call.Call.StaticCallee()
	return fn != nil && fn.Name() == "Wait" && len(call.Call.Args) == 1 && lockset.IsSync(call.Call.Args[0].Type(), "Cond")
}

type outcome int

const (
	checked   outcome = iota // every way leads to a check that can wait again
	unchecked                // a way leads out of the critical section without
	returned                 // a way leads to the end of the function without
)

type checker struct {
	locks *lockset.Result
}

// after follows control from the i-th instruction of a block and says what it
// meets first: a branch from which it can come back here within the same
// critical section, or the end of that.
func (c *checker) after(f *lockset.Func, b *ssa.BasicBlock, i int) outcome {
	result := checked
	seen := map[*ssa.BasicBlock]bool{}
	var walk func(at *ssa.BasicBlock, from int)
	walk = func(at *ssa.BasicBlock, from int) {
		for _, instr := range at.Instrs[from:] {
			switch instr := instr.(type) {
			case *ssa.Call:
				if c.unlocks(&instr.Call) {
					switch {
					case comesBack(at, b):
					case !f.API && at.Succs == nil && constantResults(at):
						// What was waited for is the business of the callers.
						if result == checked {
							result = returned
						}
					default:
						result = unchecked
					}
					return
				}
			case *ssa.Return:
				if result == checked {
					result = returned
				}
				if !f.API && len(instr.Results) > 0 && constantResults(at) {
					return // it tells its callers to try again
				}
				if len(f.Before(instr).Released) == 0 && len(f.Before(instr).Held) == 0 && unlocksByDefer(c.locks, f) {
					result = unchecked
				}
				return
			case *ssa.If:
				if c.returnsTo(at, b) {
					return
				}
			}
		}
		for _, succ := range at.Succs {
			if !seen[succ] {
				seen[succ] = true
				walk(succ, 0)
			}
		}
	}
	walk(b, i+1)
	return result
}

// comesBack reports whether control can go nowhere from the end of a block but to
// a place that every way to the wait leads through: a loop whose next round takes
// the lock and checks anew.
func comesBack(from, wait *ssa.BasicBlock) bool {
	seen := map[*ssa.BasicBlock]bool{}
	for b := from; len(b.Succs) == 1 && !seen[b]; {
		seen[b] = true
		if b = b.Succs[0]; b.Dominates(wait) {
			return true
		}
	}
	return false
}

// constantResults reports whether a block ends the function and returns nothing
// but constants: nothing that was found after the wait.
func constantResults(b *ssa.BasicBlock) bool {
	ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
	if !ok {
		return false
	}
	for _, v := range ret.Results {
		if !isConstant(v) {
			return false
		}
	}
	return true
}

// isConstant knows the results of functions that defer, which are in variables.
func isConstant(v ssa.Value) bool {
	if load, ok := v.(*ssa.UnOp); ok {
		alloc, ok := load.X.(*ssa.Alloc)
		if !ok {
			return false
		}
		var last ssa.Value
		for _, instr := range load.Block().Instrs {
			if st, ok := instr.(*ssa.Store); ok && st.Addr == alloc {
				last = st.Val
			}
		}
		v = last
	}
	_, ok := v.(*ssa.Const)
	return ok
}

func unlocksByDefer(locks *lockset.Result, f *lockset.Func) bool {
	for _, b := range f.Fn.Blocks {
		for _, instr := range b.Instrs {
			if d, ok := instr.(*ssa.Defer); ok {
				if op, _, ok := locks.LockOperation(&d.Call); ok && (op == lockset.Unlock || op == lockset.RUnlock) {
					return true
				}
			}
		}
	}
	return false
}

// unlocks reports whether a call ends the critical section.
func (c *checker) unlocks(call *ssa.CallCommon) bool {
	if op, _, ok := c.locks.LockOperation(call); ok {
		return op == lockset.Unlock || op == lockset.RUnlock
	}
	g := c.locks.Callee(call)
	return g != nil && c.locks.Releases(g)
}

// returnsTo reports whether control can get from the branch at the end of a
// block back to the wait without leaving the critical section.
func (c *checker) returnsTo(from, wait *ssa.BasicBlock) bool {
	seen := map[*ssa.BasicBlock]bool{}
	var walk func(b *ssa.BasicBlock) bool
	walk = func(b *ssa.BasicBlock) bool {
		for _, succ := range b.Succs {
			if succ == wait {
				return true
			}
			if seen[succ] || c.leaves(succ) {
				continue
			}
			seen[succ] = true
			if walk(succ) {
				return true
			}
		}
		return false
	}
	return walk(from)
}

func (c *checker) leaves(b *ssa.BasicBlock) bool {
	for _, instr := range b.Instrs {
		if call, ok := instr.(*ssa.Call); ok && c.unlocks(&call.Call) {
			return true
		}
	}
	return false
}

// unlooped lists the calls of a waiting helper after which nobody checks.
func (c *checker) unlooped(f *lockset.Func, seen map[*lockset.Func]bool) []*lockset.Call {
	if seen[f] {
		return nil
	}
	seen[f] = true
	var out []*lockset.Call
	for _, site := range f.Calls {
		if site.Kind != lockset.Direct {
			continue
		}
		b := site.Instr.Block()
		for i, instr := range b.Instrs {
			if instr != site.Instr {
				continue
			}
			switch c.after(site.Caller, b, i) {
			case unchecked:
				out = append(out, site)
			case returned:
				if site.Caller.API {
					out = append(out, site)
				} else {
					out = append(out, c.unlooped(site.Caller, seen)...)
				}
			}
		}
	}
	return out
}
