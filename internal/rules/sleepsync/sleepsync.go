package sleepsync

import (
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "sleepsync",
	Doc:      "report time.Sleep",
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
				fn := ci.Common().StaticCallee()
				if fn == nil || fn.Object() == nil || fn.Object().Pkg() == nil || fn.Object().Pkg().Path() != "time" || fn.Name() != "Sleep" {
					continue
				}
				if lockset.InCycle(b) {
					pass.Reportf(ci.Common().Pos(), "the loop sleeps instead of waiting to be told")
				} else {
					pass.Reportf(ci.Common().Pos(), "a sleep orders nothing: what it waits for may take longer")
				}
			}
		}
	}
	return nil, nil
}
