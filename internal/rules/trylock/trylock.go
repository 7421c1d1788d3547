package trylock

import (
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "trylock",
	Doc:      "report operations that do nothing at all when TryLock fails",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	reported := map[token.Pos]bool{}
	for _, f := range locks.Funcs {
		// A method that says Try, or that reports failure, does not drop
		// anything: its caller knows.
		if !f.API || f.Fn.Signature.Recv() == nil || strings.HasPrefix(f.Fn.Name(), "Try") || tellsFailure(f) {
			continue
		}
		if at := drop(locks, f, map[*lockset.Func]bool{}); at.IsValid() && !reported[at] {
			reported[at] = true
			pass.Reportf(at, "when the lock is busy, %s returns without having done anything", f.Fn.Name())
		}
	}
	return nil, nil
}

// tellsFailure reports whether the caller learns from the only result whether
// it worked.
func tellsFailure(f *lockset.Func) bool {
	res := f.Fn.Signature.Results()
	return res.Len() > 0 && (res.At(res.Len()-1).Type().String() == "bool" || res.At(res.Len()-1).Type().String() == "error")
}

// drop looks for a way through f on which nothing happens but a TryLock that
// fails, and returns where that is.
func drop(locks *lockset.Result, f *lockset.Func, seen map[*lockset.Func]bool) token.Pos {
	if seen[f] {
		return token.NoPos
	}
	seen[f] = true
	type place struct {
		b      *ssa.BasicBlock
		failed token.Pos
	}
	visited := map[place]bool{}
	var found token.Pos
	var walk func(p place)
	walk = func(p place) {
		if found.IsValid() || visited[p] {
			return
		}
		visited[p] = true
		var try *ssa.Call
		for _, instr := range p.b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Store:
				if k := locks.Resolve(instr.Addr); !locks.Fresh(k, f) {
					return
				}
			case *ssa.MapUpdate, *ssa.Send, *ssa.Select, *ssa.Go, *ssa.Panic:
				return
			case *ssa.UnOp:
				if instr.Op == token.ARROW {
					return
				}
			case *ssa.Defer:
				return
			case *ssa.Call:
				if op, _, ok := locks.LockOperation(&instr.Call); ok && (op == lockset.TryLock || op == lockset.TryRLock) {
					try = instr
					continue
				}
				if _, ok := instr.Call.Value.(*ssa.Builtin); ok {
					continue
				}
				callee := locks.Callee(&instr.Call)
				if callee == nil {
					return // it does something, or may
				}
				at := drop(locks, callee, seen)
				if !at.IsValid() {
					return
				}
				p.failed = at
			case *ssa.Return:
				if p.failed.IsValid() {
					found = p.failed
				}
				return
			}
		}
		br, ok := p.b.Instrs[len(p.b.Instrs)-1].(*ssa.If)
		if try != nil && ok {
			if side, ok := failure(br.Cond, try); ok {
				walk(place{p.b.Succs[side], try.Pos()})
			}
			return
		}
		if try != nil {
			return
		}
		for _, succ := range p.b.Succs {
			// Without a failed TryLock the way counts for nothing, but it may
			// still lead to one.
			walk(place{succ, p.failed})
		}
	}
	walk(place{b: f.Fn.Blocks[0]})
	return found
}

// failure is the successor that is taken if the TryLock failed.
func failure(cond ssa.Value, try *ssa.Call) (int, bool) {
	side := 1
	for {
		not, ok := cond.(*ssa.UnOp)
		if !ok || not.Op != token.NOT {
			break
		}
		cond, side = not.X, 1-side
	}
	return side, cond == try
}
