package lockset

import (
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// flowThrough computes the states of one function.
func (r *Result) flowThrough(f *Func) {
	f.before = map[ssa.Instruction]*State{}
	f.deferred = map[*ssa.Defer]*State{}
	f.edges = map[*ssa.BasicBlock][]*State{}
	in := map[*ssa.BasicBlock]*State{f.Fn.Blocks[0]: empty}
	if rec := f.Fn.Recover; rec != nil && rec != f.Fn.Blocks[0] {
		in[rec] = empty.unknown()
	}
	work := []*ssa.BasicBlock{f.Fn.Blocks[0]}
	if rec := f.Fn.Recover; rec != nil && rec != f.Fn.Blocks[0] {
		work = append(work, rec)
	}
	for steps := 0; len(work) > 0 && steps < 20000; steps++ {
		b := work[0]
		work = work[1:]
		s := in[b]
		for _, instr := range b.Instrs {
			f.before[instr] = s
			s = r.step(f, s, instr)
		}
		for i, succ := range b.Succs {
			out := r.alongEdge(b, i, s)
			merged := out
			if old, seen := in[succ]; seen {
				merged = merge(old, out)
				if equal(merged, old) {
					continue
				}
			}
			in[succ] = merged
			if !slices.Contains(work, succ) {
				work = append(work, succ)
			}
		}
	}
}

// alongEdge adds what a branch on the result of TryLock tells.
func (r *Result) alongEdge(b *ssa.BasicBlock, succ int, s *State) *State {
	cond, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
	if !ok {
		return s
	}
	v, want := cond.Cond, 0
	for {
		not, ok := v.(*ssa.UnOp)
		if !ok || not.Op != token.NOT {
			break
		}
		v, want = not.X, 1-want
	}
	call, ok := v.(*ssa.Call)
	if !ok || succ != want {
		return s
	}
	if op, k, ok := r.LockOperation(&call.Call); ok && (op == TryLock || op == TryRLock) {
		return s.lock(k, op.Mode())
	}
	return s
}

// step is the state after an instruction.
func (r *Result) step(f *Func, s *State, instr ssa.Instruction) *State {
	if v, ok := instr.(ssa.Value); ok {
		s = r.redefine(s, v)
	}
	switch instr := instr.(type) {
	case *ssa.Call:
		return r.call(f, s, instr.Common(), instr)
	case *ssa.Go:
		// A goroutine that gives back a lock of ours has been handed it.
		callee := r.Callee(&instr.Call)
		if callee == nil || len(callee.effect.released) == 0 {
			return s
		}
		up := r.translator(callee, instr.Call.Args, f)
		for _, k := range sortedKeys(callee.effect.released) {
			if t, ok := up(k); ok {
				s = s.unlock(t, callee.effect.released[k])
			} else {
				s = s.unknown()
			}
		}
		return s
	case *ssa.Defer:
		c := *s
		c.Defers = append(slices.Clip(c.Defers), instr)
		return &c
	case *ssa.RunDefers:
		for i := len(s.Defers) - 1; i >= 0; i-- {
			d := s.Defers[i]
			f.deferred[d] = merge(f.deferred[d], s)
			s = r.call(f, s, d.Common(), nil)
		}
		if len(s.maybeDefers) > 0 {
			for _, d := range sorted(s.maybeDefers) {
				f.deferred[d] = merge(f.deferred[d], s.unknown())
			}
			// Whether these run depends on the path: keep only what holds
			// either way.
			after := s
			for _, d := range sorted(s.maybeDefers) {
				after = r.call(f, after, d.Common(), nil)
			}
			merged := merge(s, after)
			for k := range s.May {
				if !after.May[k] {
					delete(merged.May, k)
				}
			}
			s = merged
		}
		return s
	case *ssa.UnOp:
		if instr.Op == token.ARROW {
			return s.synced()
		}
	case *ssa.Send, *ssa.Select:
		// A channel with room for one is a lock: who has sent comes after who
		// has received.
		return s.synced()
	}
	return s
}

func sorted(set map[*ssa.Defer]bool) []*ssa.Defer {
	return slices.SortedFunc(maps.Keys(set), func(a, b *ssa.Defer) int { return int(a.Pos() - b.Pos()) })
}

// redefine forgets the names of locks that hang from v: in a loop the value has
// changed, while the lock that it led to is still held.
func (r *Result) redefine(s *State, v ssa.Value) *State {
	mark := ""
	if _, indexed := r.ids[v]; indexed {
		mark = "[" + r.index(v) + "]"
	}
	var hit []Key
	for k := range s.May {
		if k.Root == v || mark != "" && strings.Contains(k.Path, mark) {
			hit = append(hit, k)
		}
	}
	if len(hit) == 0 {
		return s
	}
	c := s.clone()
	for _, k := range hit {
		if m, ok := c.Held[k]; ok {
			c.Held[Other] |= m
		}
		delete(c.Held, k)
		delete(c.May, k)
		c.May[Other] = true
	}
	return c
}

// OnFlag reports whether a block runs only for one value of a bool or of a named
// constant that the function was passed, as in get(key string, locked bool): then
// not every call comes here.
func OnFlag(b *ssa.BasicBlock) bool {
	for d := b.Idom(); d != nil; d = d.Idom() {
		br, ok := d.Instrs[len(d.Instrs)-1].(*ssa.If)
		if !ok {
			continue
		}
		v := br.Cond
		for {
			not, ok := v.(*ssa.UnOp)
			if !ok || not.Op != token.NOT {
				break
			}
			v = not.X
		}
		if cmp, ok := v.(*ssa.BinOp); ok {
			if _, ok := cmp.Y.(*ssa.Const); ok {
				v = cmp.X
			}
		}
		if p, ok := v.(*ssa.Parameter); ok && isFlag(p.Type()) {
			return true
		}
	}
	return false
}

// isFlag reports whether a type has a few values with names, or two.
func isFlag(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		return false
	}
	_, named := types.Unalias(t).(*types.Named)
	return b.Info()&types.IsBoolean != 0 || named && b.Info()&(types.IsInteger|types.IsString) != 0
}
