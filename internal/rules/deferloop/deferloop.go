package deferloop

import (
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "deferloop",
	Doc:      "report unlocks deferred in a loop that takes the lock again",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				d, ok := instr.(*ssa.Defer)
				if !ok || !lockset.InCycle(b) {
					continue
				}
				op, k, ok := locks.LockOperation(&d.Call)
				if !ok || op != lockset.Unlock && op != lockset.RUnlock || !outside(k, b) {
					continue
				}
				s := f.Before(d)
				if s == nil || s.Unknown {
					continue
				}
				if _, held := s.Held[k]; held && takenIn(locks, k, b) {
					pass.Reportf(d.Pos(), "%s is given back when the function ends, but the next round of the loop takes it again", k.Name())
				}
			}
		}
	}
	return nil, nil
}

// outside reports whether the lock is the same one in every round of the loop.
func outside(k lockset.Key, b *ssa.BasicBlock) bool {
	switch k.Root.(type) {
	case *ssa.Parameter, *ssa.Global, *ssa.FreeVar:
	default:
		return false
	}
	for _, c := range k.Path {
		if c == '[' {
			return false
		}
	}
	return b != nil
}

// takenIn reports whether the loop around a block takes the lock, and does not
// give it back other than by the deferred call.
func takenIn(locks *lockset.Result, k lockset.Key, loop *ssa.BasicBlock) bool {
	taken := false
	for _, b := range loop.Parent().Blocks {
		if !lockset.Reaches(b, loop) || !lockset.Reaches(loop, b) {
			continue
		}
		for _, instr := range b.Instrs {
			call, ok := instr.(*ssa.Call)
			if !ok {
				continue
			}
			switch op, key, ok := locks.LockOperation(&call.Call); {
			case !ok || key != k:
			case op == lockset.Lock || op == lockset.RLock:
				taken = true
			default:
				return false
			}
		}
	}
	return taken
}
