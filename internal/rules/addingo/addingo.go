package addingo

import (
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "addingo",
	Doc:      "report WaitGroup.Add in the goroutine that it announces",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	for _, f := range locks.Funcs {
		if !onlySpawned(f) {
			continue
		}
		// The goroutine announces itself if it takes the count back at its end.
		done := map[lockset.Key]bool{}
		each(f, func(instr ssa.Instruction, name string, c *ssa.CallCommon) {
			if _, deferred := instr.(*ssa.Defer); deferred && name == "Done" {
				done[locks.Resolve(c.Args[0])] = true
			}
		})
		each(f, func(instr ssa.Instruction, name string, c *ssa.CallCommon) {
			b := instr.Block()
			if name != "Add" || !done[locks.Resolve(c.Args[0])] || lockset.InCycle(b) || isFresh(c.Args[0], f) {
				return
			}
			// What it started before may have a count of its own.
			if !startsBefore(locks, f, instr) {
				pass.Reportf(c.Pos(), "the goroutine announces itself: a Wait may come and go before it gets here")
			}
		})
	}
	return nil, nil
}

func onlySpawned(f *lockset.Func) bool {
	for _, c := range f.Calls {
		if c.Kind != lockset.Spawned {
			return false
		}
	}
	return len(f.Calls) > 0 && !f.API && !f.Opaque
}

// each visits the calls of methods of WaitGroup.
func each(f *lockset.Func, visit func(ssa.Instruction, string, *ssa.CallCommon)) {
	for _, b := range f.Fn.Blocks {
		for _, instr := range b.Instrs {
			ci, ok := instr.(ssa.CallInstruction)
			if !ok {
				continue
			}
			c := ci.Common()
			if fn := c.StaticCallee(); fn != nil && len(c.Args) > 0 && lockset.IsSync(c.Args[0].Type(), "WaitGroup") {
				visit(instr, fn.Name(), c)
			}
		}
	}
}

func isFresh(v ssa.Value, f *lockset.Func) bool {
	alloc, ok := v.(*ssa.Alloc)
	return ok && alloc.Parent() == f.Fn
}

// startsBefore reports whether the Add may count for a goroutine that is
// started after it, here or by a function that is called.
func startsBefore(locks *lockset.Result, f *lockset.Func, add ssa.Instruction) bool {
	for _, b := range f.Fn.Blocks {
		if b != add.Block() && !lockset.Reaches(add.Block(), b) {
			continue
		}
		if locks.Does(f, b, lockset.Starts) {
			return true
		}
	}
	return false
}
