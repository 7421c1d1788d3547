package spin

import (
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

// waiting is a loop that waits, yielding the processor, for what atomics say.
type waiting struct {
	locks  *lockset.Result
	f      *lockset.Func
	looked []lockset.Field
	// held are the locks that the waiting goroutine holds.
	held map[lockset.Field]bool
	// known are the fields by which it can know that somebody is on the way: what it
	// and its callers look at.
	known map[lockset.Field]bool
}

// announced reports whether a loop that yields waits for nobody but those who have
// announced themselves by an atomic operation and do nothing since that could take
// long: recorders of a side that was taken out of use (Björn Rabenstein's histogram
// of hot and cold counts in Prometheus), readers that have signed in (Ramalhete and
// Correia, "Left-Right: a concurrency control technique with wait-free population
// oblivious reads", 2015), the writer of an entry that is reserved. They need
// nobody's help to end the wait, and its length is that of their few steps.
func announced(locks *lockset.Result, f *lockset.Func, loop []*ssa.BasicBlock) bool {
	w := &waiting{locks: locks, f: f, known: map[lockset.Field]bool{}}
	yields := false
	for _, b := range loop {
		for _, instr := range b.Instrs {
			call, ok := instr.(*ssa.Call)
			if !ok {
				continue
			}
			kind, field := atomicOperation(&call.Call)
			switch {
			case calls(&call.Call, "runtime", "Gosched"):
				yields = true
			case kind == load && field.Owner != nil:
				w.looked = append(w.looked, field)
				w.meet(call)
			case kind != none:
				return false
			}
			if _, _, ok := locks.LockOperation(&call.Call); ok {
				return false
			}
		}
	}
	if !yields || len(w.looked) == 0 {
		return false
	}
	w.learn(f, map[*lockset.Func]bool{})
	return w.everyWriteAnnounced()
}

// meet keeps of the locks held those that are held at every look.
func (w *waiting) meet(look *ssa.Call) {
	for _, v := range w.locks.Views(w.f, look) {
		here := map[lockset.Field]bool{}
		for k := range v.Locks {
			if class, ok := k.Class(); ok && (w.held == nil || w.held[class]) {
				here[class] = true
			}
		}
		w.held = here
	}
}

// learn collects what a function and its callers look at. Who changes something and
// does not care for what came of it learns nothing.
func (w *waiting) learn(f *lockset.Func, seen map[*lockset.Func]bool) {
	if seen[f] {
		return
	}
	seen[f] = true
	for _, b := range f.Fn.Blocks {
		w.locks.Does(f, b, func(instr ssa.Instruction) bool {
			if call, ok := instr.(*ssa.Call); ok {
				kind, field := atomicOperation(&call.Call)
				if kind == load || kind == change && len(*call.Referrers()) > 0 {
					w.known[field] = true
				}
			}
			return false
		})
	}
	for _, c := range f.Calls {
		w.learn(c.Caller, seen)
	}
}

// everyWriteAnnounced looks at all that can end the wait. What the waiting function
// does itself, or what needs a lock that it holds, cannot.
func (w *waiting) everyWriteAnnounced() bool {
	claims := map[ssa.Instruction]bool{}
	var alone []ssa.Instruction
	for _, g := range w.locks.Funcs {
		for _, b := range g.Fn.Blocks {
			for _, instr := range b.Instrs {
				call, ok := instr.(ssa.CallInstruction)
				if !ok || g == w.f || w.excluded(g, instr) {
					continue
				}
				kind, field := atomicOperation(call.Common())
				if kind != store && kind != change || !slices.ContainsFunc(w.looked, field.Overlaps) {
					continue
				}
				_, deferred := instr.(*ssa.Defer)
				if !w.precedes(g, instr, deferred, claims, map[*lockset.Func]bool{}) {
					alone = append(alone, instr)
				}
			}
		}
	}
	// What is not announced itself may be the announcement of another one.
	return len(claims) > 0 && !slices.ContainsFunc(alone, func(instr ssa.Instruction) bool { return !claims[instr] })
}

func (w *waiting) excluded(g *lockset.Func, instr ssa.Instruction) bool {
	views := w.locks.Views(g, instr)
	return len(views) > 0 && !slices.ContainsFunc(views, func(v lockset.View) bool {
		for k := range v.Locks {
			if class, ok := k.Class(); ok && w.held[class] {
				return false
			}
		}
		return true
	})
}

// precedes reports whether on every chain of calls a claim precedes an instruction of
// g, with nothing in between that could take long, and adds the claims to those
// known. Where the instruction is deferred, it follows all others.
func (w *waiting) precedes(g *lockset.Func, at ssa.Instruction, deferred bool, claims map[ssa.Instruction]bool, seen map[*lockset.Func]bool) bool {
	if seen[g] {
		return false
	}
	seen[g] = true
	defer delete(seen, g)
	for _, b := range g.Fn.Blocks {
		for _, instr := range b.Instrs {
			if instr == at || !lockset.ComesBefore(instr, at) {
				continue
			}
			made := w.made(instr)
			if len(made) > 0 && w.brief(g, instr, at, deferred) {
				for _, c := range made {
					claims[c] = true
				}
				return true
			}
		}
	}
	if g.API || g.Opaque || len(g.Calls) == 0 || !w.brief(g, nil, at, deferred) {
		return false
	}
	for _, c := range g.Calls {
		if c.Kind != lockset.Direct && c.Kind != lockset.Deferred || !w.precedes(c.Caller, c.Instr, c.Kind == lockset.Deferred, claims, seen) {
			return false
		}
	}
	return true
}

// made are the claims that an instruction makes, by itself or in the functions that
// it calls.
func (w *waiting) made(instr ssa.Instruction) []ssa.Instruction {
	var out []ssa.Instruction
	add := func(instr ssa.Instruction) bool {
		if call, ok := instr.(*ssa.Call); ok {
			if kind, field := atomicOperation(&call.Call); kind == change && w.known[field] {
				out = append(out, call)
			}
		}
		return false
	}
	add(instr)
	if call, ok := instr.(*ssa.Call); ok {
		if h := w.locks.Callee(&call.Call); h != nil {
			for _, b := range h.Fn.Blocks {
				w.locks.Does(h, b, add)
			}
		}
	}
	return out
}

// brief reports whether nothing between two instructions of g, the first of them the
// function's entry where it is nil, waits for anybody or calls what we do not know.
func (w *waiting) brief(g *lockset.Func, from, to ssa.Instruction, deferred bool) bool {
	for _, b := range g.Fn.Blocks {
		for _, instr := range b.Instrs {
			after := from == nil || instr != from && leads(from, instr)
			if after && (deferred || instr != to && leads(instr, to)) && !w.harmless(instr, map[*lockset.Func]bool{}) {
				return false
			}
		}
	}
	return true
}

// leads reports whether control can get from one instruction to another.
func leads(from, to ssa.Instruction) bool {
	if from.Block() == to.Block() && lockset.ComesBefore(from, to) {
		return true
	}
	return lockset.Reaches(from.Block(), to.Block())
}

func (w *waiting) harmless(instr ssa.Instruction, seen map[*lockset.Func]bool) bool {
	switch instr := instr.(type) {
	case *ssa.Send, *ssa.Select, *ssa.Go:
		return false
	case *ssa.UnOp:
		return instr.Op != token.ARROW
	case *ssa.Call:
		if _, ok := instr.Call.Value.(*ssa.Builtin); ok {
			return true
		}
		if h := w.locks.Callee(&instr.Call); h != nil {
			if seen[h] {
				return true
			}
			seen[h] = true
			return !slices.ContainsFunc(h.Fn.Blocks, func(b *ssa.BasicBlock) bool {
				return slices.ContainsFunc(b.Instrs, func(instr ssa.Instruction) bool { return !w.harmless(instr, seen) })
			})
		}
		fn := instr.Call.StaticCallee()
		if fn == nil || fn.Object() == nil || fn.Object().Pkg() == nil {
			return false
		}
		switch path := fn.Object().Pkg().Path(); path {
		case "sync/atomic", "math", "math/bits", "math/rand", "math/rand/v2", "hash/maphash", "unsafe", "runtime":
			return true
		case "time":
			return fn.Name() != "Sleep"
		}
		return false
	}
	return true
}

// operation is what an atomic operation does.
type operation int

const (
	none operation = iota
	load
	store
	change // it reads and writes in one
)

// atomicOperation says what a call of sync/atomic does to which field.
func atomicOperation(c *ssa.CallCommon) (operation, lockset.Field) {
	fn := c.StaticCallee()
	if fn == nil || fn.Object() == nil || fn.Object().Pkg() == nil || fn.Object().Pkg().Path() != "sync/atomic" || len(c.Args) == 0 {
		return none, lockset.Field{}
	}
	addr := c.Args[0]
	if element, ok := addr.(*ssa.IndexAddr); ok {
		addr = element.X
	}
	var field lockset.Field
	if fa, ok := addr.(*ssa.FieldAddr); ok {
		field, _ = lockset.FieldOf(fa)
	}
	switch {
	case strings.HasPrefix(fn.Name(), "Load"):
		return load, field
	case strings.HasPrefix(fn.Name(), "Store"):
		return store, field
	}
	return change, field
}

func calls(c *ssa.CallCommon, pkg, name string) bool {
	fn := c.StaticCallee()
	return fn != nil && fn.Name() == name && fn.Object() != nil && fn.Object().Pkg() != nil && fn.Object().Pkg().Path() == pkg
}
