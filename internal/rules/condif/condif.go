package condif

import (
	"go/token"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "condif",
	Doc:      "report Cond.Wait that is not followed by a new check of the condition",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	c := checker{locks}
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for i, instr := range b.Instrs {
				call, ok := instr.(*ssa.Call)
				if !ok || !isCondWait(call) {
					continue
				}
				switch c.after(f, b, i) {
				case unchecked:
					pass.Reportf(call.Pos(), "what Wait was waiting for is not checked again when it returns: somebody else may have been faster")
				case returned:
					// A helper that waits once; its callers have to loop.
					if f.API {
						pass.Reportf(call.Pos(), "Wait is not in a loop that checks what it was waiting for")
						continue
					}
					for _, site := range c.unlooped(f, nil, map[*lockset.Func]bool{}) {
						pass.Reportf(site.Instr.Pos(), "this call waits on a Cond, and what it was waiting for is not checked again")
					}
				}
			}
		}
	}
	return nil, nil
}

func isCondWait(call *ssa.Call) bool {
	fn := call.Call.StaticCallee()
	return fn != nil && fn.Name() == "Wait" && len(call.Call.Args) == 1 && lockset.IsSync(call.Call.Args[0].Type(), "Cond")
}

type outcome int

const (
	checked   outcome = iota // every way leads to a check that can wait again
	returned                 // a way leads to the end of the function without
	unchecked                // a way leads to an act without
)

type checker struct {
	locks *lockset.Result
}

// after follows control from the i-th instruction of a block and says what it
// meets first: a branch from which it can come back here within the same
// critical section, the end of the function with nothing done on the way, or
// something that is done as if what was waited for were so. Who looks at what is
// changed then, as in "if empty, return and try again", has checked as well.
func (c *checker) after(f *lockset.Func, b *ssa.BasicBlock, i int) outcome {
	result := checked
	awaited := c.awaited(b)
	// What has been looked at on every way to a block.
	seen := map[*ssa.BasicBlock][]lockset.Field{}
	var walk func(at *ssa.BasicBlock, from int, looked []lockset.Field)
	walk = func(at *ssa.BasicBlock, from int, looked []lockset.Field) {
		for n, instr := range at.Instrs[from:] {
			switch instr := instr.(type) {
			case *ssa.Call:
				switch g := c.locks.Callee(&instr.Call); {
				case g != nil && c.locks.Unsure(g):
					return
				case c.unlocks(&instr.Call):
					result = max(result, outside(at, from+n+1, b))
					return
				case g == f:
					return // it looks at everything anew
				case g != nil && acts(c.changes(g), awaited, looked):
					result = unchecked
					return
				}
			case *ssa.Store:
				if field, ok := storedIn(instr.Addr); ok && acts([]lockset.Field{field}, awaited, looked) {
					result = unchecked
					return
				}
			case *ssa.MapUpdate:
				if field, ok := loadedFrom(instr.Map); ok && acts([]lockset.Field{field}, awaited, looked) {
					result = unchecked
					return
				}
			case *ssa.Return:
				result = max(result, returned)
				return
			case *ssa.If:
				if c.returnsTo(at, b) {
					return
				}
				looked = append(slices.Clip(looked), c.reads(instr.Cond)...)
			}
		}
		for _, succ := range at.Succs {
			before, again := seen[succ]
			common := looked
			if again {
				common = slices.DeleteFunc(slices.Clone(before), func(f lockset.Field) bool { return !slices.Contains(looked, f) })
			}
			if !again || len(common) < len(before) {
				seen[succ] = common
				walk(succ, 0, common)
			}
		}
	}
	walk(b, i+1, nil)
	return result
}

// outside says what happens after the critical section of a wait, from the n-th
// instruction of a block on. Who does nothing but go back to a place that every
// way to the wait leads through has a loop whose next round takes the lock and
// checks anew; who does nothing and returns leaves that to its callers.
func outside(at *ssa.BasicBlock, n int, wait *ssa.BasicBlock) outcome {
	result := checked
	seen := map[*ssa.BasicBlock]bool{}
	var walk func(b *ssa.BasicBlock, from int)
	walk = func(b *ssa.BasicBlock, from int) {
		for _, instr := range b.Instrs[from:] {
			switch instr := instr.(type) {
			case *ssa.Return:
				result = max(result, returned)
				return
			case *ssa.Call:
				if _, builtin := instr.Call.Value.(*ssa.Builtin); !builtin && !isAtomicLoad(instr) {
					result = unchecked
					return
				}
			case *ssa.Send, *ssa.Select, *ssa.Go, *ssa.MapUpdate, *ssa.Panic:
				result = unchecked
				return
			case *ssa.Store:
				if _, shared := storedIn(instr.Addr); shared {
					result = unchecked
					return
				}
			}
		}
		for _, succ := range b.Succs {
			if !seen[succ] && !succ.Dominates(wait) {
				seen[succ] = true
				walk(succ, 0)
			}
		}
	}
	walk(at, n)
	return result
}

func isAtomicLoad(call *ssa.Call) bool {
	fn := call.Call.StaticCallee()
	return fn != nil && fn.Name() == "Load" && fn.Object() != nil && fn.Object().Pkg() != nil && fn.Object().Pkg().Path() == "sync/atomic"
}

// awaited are the fields by which it was decided to come to the wait.
func (c *checker) awaited(wait *ssa.BasicBlock) []lockset.Field {
	var out []lockset.Field
	for d := wait.Idom(); d != nil; d = d.Idom() {
		if br := decides(d, wait); br != nil {
			out = append(out, c.reads(br.Cond)...)
		}
	}
	return out
}

// acts reports whether something that was waited for is changed without a look at
// it since the wait. Where no branch tells what was waited for, that may be anything.
func acts(changed, awaited, looked []lockset.Field) bool {
	return slices.ContainsFunc(changed, func(field lockset.Field) bool {
		return (len(awaited) == 0 || slices.ContainsFunc(awaited, field.Overlaps)) && !slices.ContainsFunc(looked, field.Overlaps)
	})
}

// changes are the fields that a function of ours stores to, by itself or through
// others, whatever it finds there.
func (c *checker) changes(g *lockset.Func) []lockset.Field {
	var out []lockset.Field
	for _, b := range g.Fn.Blocks {
		if c.onLook(b) {
			continue
		}
		c.locks.Does(g, b, func(instr ssa.Instruction) bool {
			switch instr := instr.(type) {
			case *ssa.Store:
				if field, ok := storedIn(instr.Addr); ok {
					out = append(out, field)
				}
			case *ssa.MapUpdate:
				if field, ok := loadedFrom(instr.Map); ok {
					out = append(out, field)
				}
			}
			return false
		})
	}
	return out
}

// decides is the branch at the end of d if it leads to b one way and past it the other
// way, nil else.
func decides(d, b *ssa.BasicBlock) *ssa.If {
	br, ok := d.Instrs[len(d.Instrs)-1].(*ssa.If)
	if !ok || lockset.Leads(d.Succs[0], b) && lockset.Leads(d.Succs[1], b) {
		return nil
	}
	return br
}

// onLook reports whether a branch that looks at a field decides about getting to a
// block: whoever called then may as well find nothing to do, and wait again.
func (c *checker) onLook(b *ssa.BasicBlock) bool {
	for d := b.Idom(); d != nil; d = d.Idom() {
		if br := decides(d, b); br != nil && len(c.reads(br.Cond)) > 0 {
			return true
		}
	}
	return false
}

// reads are the fields that a condition is computed from.
func (c *checker) reads(cond ssa.Value) []lockset.Field {
	var out []lockset.Field
	seen := map[ssa.Value]bool{}
	var add func(v ssa.Value)
	add = func(v ssa.Value) {
		instr, ok := v.(ssa.Instruction)
		if !ok || seen[v] {
			return
		}
		seen[v] = true
		if field, ok := loadedFrom(v); ok {
			out = append(out, field)
		}
		if call, ok := v.(*ssa.Call); ok {
			if g := c.locks.Callee(&call.Call); g != nil {
				for _, b := range g.Fn.Blocks {
					c.locks.Does(g, b, func(instr ssa.Instruction) bool {
						if load, ok := instr.(*ssa.UnOp); ok {
							if field, ok := loadedFrom(load); ok {
								out = append(out, field)
							}
						}
						return false
					})
				}
			}
		}
		for _, op := range instr.Operands(nil) {
			if *op != nil {
				add(*op)
			}
		}
	}
	add(cond)
	return out
}

// storedIn is the field that an address lies in: also that of an element of the
// field's slice, but not that of a variable of the function or of a new object.
func storedIn(addr ssa.Value) (lockset.Field, bool) {
	switch addr := addr.(type) {
	case *ssa.FieldAddr:
		outer := addr
		for {
			next, ok := outer.X.(*ssa.FieldAddr)
			if !ok {
				break
			}
			outer = next
		}
		if _, own := outer.X.(*ssa.Alloc); own {
			return lockset.Field{}, false
		}
		return lockset.FieldOf(addr)
	case *ssa.IndexAddr:
		return loadedFrom(addr.X)
	}
	return lockset.Field{}, false
}

// loadedFrom is the field that a value was loaded from.
func loadedFrom(v ssa.Value) (lockset.Field, bool) {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return lockset.Field{}, false
	}
	return storedIn(load.X)
}

// unlocks reports whether a call ends the critical section.
func (c *checker) unlocks(call *ssa.CallCommon) bool {
	if op, _, ok := c.locks.LockOperation(call); ok {
		return op == lockset.Unlock || op == lockset.RUnlock
	}
	g := c.locks.Callee(call)
	return g != nil && c.locks.Releases(g)
}

// returnsTo reports whether control can get from the branch at the end of a
// block back to the wait without leaving the critical section.
func (c *checker) returnsTo(from, wait *ssa.BasicBlock) bool {
	seen := map[*ssa.BasicBlock]bool{}
	var walk func(b *ssa.BasicBlock) bool
	walk = func(b *ssa.BasicBlock) bool {
		for _, succ := range b.Succs {
			if succ == wait {
				return true
			}
			if seen[succ] || c.leaves(succ) {
				continue
			}
			seen[succ] = true
			if walk(succ) {
				return true
			}
		}
		return false
	}
	return walk(from)
}

func (c *checker) leaves(b *ssa.BasicBlock) bool {
	for _, instr := range b.Instrs {
		if call, ok := instr.(*ssa.Call); ok && c.unlocks(&call.Call) {
			return true
		}
	}
	return false
}

// unlooped lists the calls of a waiting helper after which nobody checks. Where the
// helper is a closure that was handed to another function, only is the call that
// handed it there.
func (c *checker) unlooped(f *lockset.Func, only ssa.Instruction, seen map[*lockset.Func]bool) []*lockset.Call {
	if seen[f] {
		return nil
	}
	seen[f] = true
	var out []*lockset.Call
	for _, site := range f.Calls {
		if site.Kind != lockset.Direct || only != nil && site.Instr != only {
			continue
		}
		b := site.Instr.Block()
		for i, instr := range b.Instrs {
			if instr != site.Instr {
				continue
			}
			then := returned
			switch st := site.StateAt(); {
			case st == nil || st.Unknown:
				then = checked
			case len(st.May) > 0 || c.locked(site):
				then = c.after(site.Caller, b, i)
			case lockset.InCycle(b):
				then = checked // the next round takes the lock and looks anew
			}
			switch then {
			case unchecked:
				out = append(out, site)
			case returned:
				if site.Caller.API {
					out = append(out, site)
				} else {
					out = append(out, c.unlooped(site.Caller, site.HandedBy(), seen)...)
				}
			}
		}
	}
	return out
}

// locked reports whether the caller of a call may be called with a lock held.
func (c *checker) locked(site *lockset.Call) bool {
	return slices.ContainsFunc(c.locks.CallViews(site), func(v lockset.View) bool { return v.Unknown || len(v.Locks) > 0 })
}
