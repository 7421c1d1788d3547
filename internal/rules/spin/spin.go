package spin

import (
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "spin",
	Doc:      "report loops that spin until another goroutine changes something",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	for _, f := range locks.Funcs {
		seen := map[*ssa.BasicBlock]bool{}
		for _, b := range f.Fn.Blocks {
			if seen[b] || !lockset.InCycle(b) {
				continue
			}
			var loop []*ssa.BasicBlock
			for _, c := range f.Fn.Blocks {
				if lockset.Reaches(b, c) && lockset.Reaches(c, b) {
					loop = append(loop, c)
					seen[c] = true
				}
			}
			if at := spins(locks, loop); at.IsValid() && !announced(locks, f, loop) {
				pass.Reportf(at, "the loop burns a processor until another goroutine is done")
			}
		}
	}
	return nil, nil
}

// spins reports whether nothing happens in a loop but looking at an atomic,
// taking a lock to look at something under it, trying to take a lock or flag,
// and yielding.
func spins(locks *lockset.Result, loop []*ssa.BasicBlock) token.Pos {
	in := map[*ssa.BasicBlock]bool{}
	for _, b := range loop {
		in[b] = true
	}
	var at token.Pos
	exit := false
	for _, b := range loop {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.Call:
				if _, _, ok := locks.LockOperation(&instr.Call); ok {
					if ofFound(&instr.Call) {
						return token.NoPos
					}
					at = earliest(at, instr.Pos())
					continue
				}
				if b, ok := instr.Call.Value.(*ssa.Builtin); ok && (b.Name() == "len" || b.Name() == "cap") {
					continue
				}
				switch {
				case calls(&instr.Call, "runtime", "Gosched"):
				case isLook(instr):
					at = earliest(at, instr.Pos())
				default:
					return token.NoPos
				}
			case *ssa.Store, *ssa.MapUpdate, *ssa.Send, *ssa.Select, *ssa.Go, *ssa.Defer, *ssa.Next, *ssa.Return, *ssa.Phi:
				return token.NoPos // it works, waits or counts
			case *ssa.UnOp:
				if instr.Op == token.ARROW {
					return token.NoPos
				}
			case *ssa.If:
				for _, succ := range b.Succs {
					exit = exit || !in[succ]
				}
			}
		}
	}
	if !exit || validates(loop) || looksTwice(locks, loop) || oneWay(loop) {
		return token.NoPos
	}
	return at
}

// validates reports whether a loop compares what it loaded from a place with what
// it loads from there again. That is the retry of a reader or writer who found
// that somebody else was faster: each round that fails is one in which another
// got on.
func validates(loop []*ssa.BasicBlock) bool {
	for _, b := range loop {
		for _, instr := range b.Instrs {
			cmp, ok := instr.(*ssa.BinOp)
			if !ok || cmp.Op != token.EQL && cmp.Op != token.NEQ {
				continue
			}
			x, xok := loadedField(cmp.X)
			y, yok := loadedField(cmp.Y)
			if xok && yok && x == y && cmp.X != cmp.Y && slices.Contains(loop, cmp.X.(ssa.Instruction).Block()) && slices.Contains(loop, cmp.Y.(ssa.Instruction).Block()) {
				return true
			}
		}
	}
	return false
}

// oneWay reports whether a loop that swaps one constant for another is left as soon
// as somebody else has done so: a flag that is raised once, a phase that only goes
// on. Then no round comes after the one that failed.
func oneWay(loop []*ssa.BasicBlock) bool {
	swapped := map[lockset.Field]bool{}
	for _, b := range loop {
		for _, instr := range b.Instrs {
			call, ok := instr.(*ssa.Call)
			if !ok || len(call.Call.Args) != 3 || !isLook(call) {
				continue
			}
			if fa, ok := call.Call.Args[0].(*ssa.FieldAddr); ok {
				if field, ok := lockset.FieldOf(fa); ok {
					swapped[field] = true
				}
			}
		}
	}
	for _, b := range loop {
		br, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
		if !ok || slices.Contains(loop, b.Succs[0]) && slices.Contains(loop, b.Succs[1]) {
			continue
		}
		v := br.Cond
		if cmp, ok := v.(*ssa.BinOp); ok {
			v = cmp.X
		}
		if not, ok := v.(*ssa.UnOp); ok && not.Op == token.NOT {
			v = not.X
		}
		if field, ok := loadedField(v); ok && swapped[field] {
			return true
		}
	}
	return false
}

// looksTwice reports whether each round takes the same lock a second time, to see
// whether what it saw the first time still holds: it goes round only if somebody
// else was faster.
func looksTwice(locks *lockset.Result, loop []*ssa.BasicBlock) bool {
	first := map[lockset.Key]*ssa.BasicBlock{}
	for _, b := range loop {
		for _, instr := range b.Instrs {
			call, ok := instr.(*ssa.Call)
			if !ok {
				continue
			}
			op, k, ok := locks.LockOperation(&call.Call)
			if !ok || op != lockset.Lock && op != lockset.RLock {
				continue
			}
			if seen := first[k]; seen != nil && (seen.Dominates(b) || b.Dominates(seen)) {
				return true
			}
			first[k] = b
		}
	}
	return false
}

// loadedField is the field that a value was read from, plainly or atomically.
func loadedField(v ssa.Value) (lockset.Field, bool) {
	var addr ssa.Value
	switch v := v.(type) {
	case *ssa.UnOp:
		if v.Op == token.MUL {
			addr = v.X
		}
	case *ssa.Call:
		if len(v.Call.Args) == 1 && isLook(v) {
			addr = v.Call.Args[0]
		}
	}
	fa, ok := addr.(*ssa.FieldAddr)
	if !ok {
		return lockset.Field{}, false
	}
	return lockset.FieldOf(fa)
}

// ofFound reports whether a lock is that of what an atomic pointer has led to.
// Who finds that it was replaced meanwhile looks again, and waits for another lock:
// somebody else got on.
func ofFound(call *ssa.CallCommon) bool {
	if call.IsInvoke() || len(call.Args) == 0 {
		return false
	}
	field, ok := call.Args[0].(*ssa.FieldAddr)
	if !ok {
		return false
	}
	load, ok := field.X.(*ssa.Call)
	if !ok {
		return false
	}
	return calls(&load.Call, "sync/atomic", "Load")
}

// isLook reports whether an atomic operation only looks, or swaps constants as
// a spin lock does. A compare-and-swap of what was computed from a load is the
// ordinary retry: where it fails somebody else got on.
func isLook(call *ssa.Call) bool {
	switch kind, _ := atomicOperation(&call.Call); kind {
	case load:
		return true
	case change:
		name := call.Call.StaticCallee().Name()
		return (strings.HasPrefix(name, "CompareAndSwap") || strings.HasPrefix(name, "Swap")) &&
			!slices.ContainsFunc(call.Call.Args[1:], func(a ssa.Value) bool { _, fixed := a.(*ssa.Const); return !fixed })
	}
	return false
}

func earliest(a, b token.Pos) token.Pos {
	if !a.IsValid() || b < a {
		return b
	}
	return a
}
