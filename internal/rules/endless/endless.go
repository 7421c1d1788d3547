package endless

import (
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "endless",
	Doc:      "report goroutines that have no way to end",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	for _, f := range locks.Funcs {
		for _, c := range f.Calls {
			if c.Kind == lockset.Spawned && neverEnds(locks, f, map[*lockset.Func]bool{}) {
				pass.Reportf(c.Instr.Pos(), "the goroutine that starts here has no way to end")
			}
		}
	}
	return nil, nil
}

// neverEnds reports whether no path leads to a return or a panic.
func neverEnds(locks *lockset.Result, f *lockset.Func, seen map[*lockset.Func]bool) bool {
	if seen[f] {
		return false
	}
	seen[f] = true
	reached := map[*ssa.BasicBlock]bool{}
	work := []*ssa.BasicBlock{f.Fn.Blocks[0]}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if reached[b] {
			continue
		}
		reached[b] = true
		stuck := false
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Return, *ssa.Panic:
				return false
			case *ssa.Call:
				if g := locks.Callee(&instr.Call); g != nil && neverEnds(locks, g, seen) {
					stuck = true
				}
				if g := locks.Callee(&instr.Call); g != nil && recovers(locks, f) && locks.Does(f, b, isPanic) {
					return false // a panic that it recovers from is its way to end
				}
				if fn := instr.Call.StaticCallee(); fn != nil && fn.Name() == "Goexit" {
					return false
				}
			}
		}
		if !stuck {
			work = append(work, b.Succs...)
		}
	}
	return true
}

func isPanic(instr ssa.Instruction) bool { _, ok := instr.(*ssa.Panic); return ok }

// recovers reports whether a function defers one that recovers.
func recovers(locks *lockset.Result, f *lockset.Func) bool {
	for _, b := range f.Fn.Blocks {
		for _, instr := range b.Instrs {
			d, ok := instr.(*ssa.Defer)
			if !ok {
				continue
			}
			g := locks.Callee(&d.Call)
			if g == nil {
				continue
			}
			for _, b := range g.Fn.Blocks {
				if locks.Does(g, b, isRecover) {
					return true
				}
			}
		}
	}
	return false
}

func isRecover(instr ssa.Instruction) bool {
	v, ok := instr.(ssa.Value)
	return ok && lockset.IsRecover(v)
}
