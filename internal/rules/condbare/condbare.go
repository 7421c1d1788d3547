package condbare

import (
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "condbare",
	Doc:      "report Cond.Wait without a lock",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	if locks.HasOwnLockers() {
		return nil, nil // one of them may be the Cond's
	}
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				call, ok := instr.(*ssa.Call)
				if !ok {
					continue
				}
				fn := call.Call.StaticCallee()
				if fn == nil || fn.Name() != "Wait" || len(call.Call.Args) != 1 || !lockset.IsSync(call.Call.Args[0].Type(), "Cond") {
					continue
				}
				for _, v := range locks.Views(f, call) {
					if v.Bare && !v.Unknown {
						pass.Reportf(call.Pos(), "Wait gives back a lock that is not held here, which ends the process")
						break
					}
				}
			}
		}
	}
	return nil, nil
}
