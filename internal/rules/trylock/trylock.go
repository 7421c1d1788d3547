package trylock

import (
	"go/constant"
	"go/token"
	"go/types"
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
		if d := drop(locks, f, map[*lockset.Func]bool{}); d.at.IsValid() && !reported[d.at] {
			reported[d.at] = true
			pass.Reportf(d.at, "when the lock is busy, %s returns without having done anything", f.Fn.Name())
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

// dropped is a way through a function on which nothing happens but a TryLock that
// fails: where that is, and the bool that the function returns then, nil where it
// returns none or none that is known.
type dropped struct {
	at    token.Pos
	tells *ssa.Const
}

// drop looks for such a way through f.
func drop(locks *lockset.Result, f *lockset.Func, seen map[*lockset.Func]bool) dropped {
	if seen[f] {
		return dropped{}
	}
	seen[f] = true
	type place struct {
		b      *ssa.BasicBlock
		failed token.Pos
	}
	visited := map[place]bool{}
	var found dropped
	var walk func(p place)
	walk = func(p place) {
		if found.at.IsValid() || visited[p] {
			return
		}
		visited[p] = true
		var try, told *ssa.Call
		var tells *ssa.Const
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
				if op, k, ok := locks.LockOperation(&instr.Call); ok && (op == lockset.TryLock || op == lockset.TryRLock) {
					if f.API && takenBy(locks, k) == 1 {
						return // whoever has the lock is doing the same
					}
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
				d := drop(locks, callee, seen)
				if !d.at.IsValid() {
					return
				}
				p.failed, told, tells = d.at, instr, d.tells
			case *ssa.Return:
				if p.failed.IsValid() {
					found = dropped{p.failed, toldBy(locks, instr)}
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
		if told != nil && tells != nil && ok {
			// Only the way that is taken when the other function had to give up.
			if side, ok := failure(br.Cond, told); ok {
				if constant.BoolVal(tells.Value) {
					side = 1 - side
				}
				walk(place{p.b.Succs[side], p.failed})
				return
			}
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

// takenBy counts the functions that take a lock of that class.
func takenBy(locks *lockset.Result, k lockset.Key) int {
	class, ok := k.Class()
	if !ok {
		return 0
	}
	n := 0
	for _, f := range locks.Funcs {
		takes := false
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				call, ok := instr.(*ssa.Call)
				if !ok {
					continue
				}
				op, k, ok := locks.LockOperation(&call.Call)
				if !ok || op == lockset.Unlock || op == lockset.RUnlock {
					continue
				}
				c, ok := k.Class()
				takes = takes || ok && c == class
			}
		}
		if takes {
			n++
		}
	}
	return n
}

// toldBy is the bool that a function returns last, where it is a constant.
func toldBy(locks *lockset.Result, ret *ssa.Return) *ssa.Const {
	if len(ret.Results) == 0 {
		return nil
	}
	v := ret.Results[len(ret.Results)-1]
	if load, ok := v.(*ssa.UnOp); ok && load.Op == token.MUL {
		v = lockset.LastStore(load)
	}
	if call, ok := v.(*ssa.Call); ok { // what TryLock said, on the way where it failed
		if op, _, ok := locks.LockOperation(&call.Call); ok && (op == lockset.TryLock || op == lockset.TryRLock) {
			return ssa.NewConst(constant.MakeBool(false), types.Typ[types.Bool])
		}
	}
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil || c.Value.Kind() != constant.Bool {
		return nil
	}
	return c
}

// failure is the successor that is taken if the call, or the last of its results,
// was false: if the TryLock failed.
func failure(cond ssa.Value, try *ssa.Call) (int, bool) {
	side := 1
	for {
		not, ok := cond.(*ssa.UnOp)
		if !ok || not.Op != token.NOT {
			break
		}
		cond, side = not.X, 1-side
	}
	if last, ok := cond.(*ssa.Extract); ok && last.Index == try.Call.Signature().Results().Len()-1 {
		cond = last.Tuple
	}
	return side, cond == try
}
