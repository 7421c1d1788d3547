package unlockkind

import (
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "unlockkind",
	Doc:      "report Lock paired with RUnlock and RLock paired with Unlock",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				ci, ok := instr.(ssa.CallInstruction)
				if !ok {
					continue
				}
				op, k, ok := locks.LockOperation(ci.Common())
				if !ok || op != lockset.Unlock && op != lockset.RUnlock {
					continue
				}
				s := f.Before(instr)
				if d, ok := instr.(*ssa.Defer); ok {
					s = f.BeforeDeferred(d)
				}
				if s == nil || s.Unknown {
					continue
				}
				held, ok := s.Held[k]
				if ok && held != lockset.Mixed && held != op.Mode() {
					took, gives := "Lock", "RUnlock"
					if held == lockset.Read {
						took, gives = "RLock", "Unlock"
					}
					pass.Reportf(ci.Common().Pos(), "%s was taken by %s and is given back by %s", k.Name(), took, gives)
				}
			}
		}
	}
	return nil, nil
}
