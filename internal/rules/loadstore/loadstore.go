package loadstore

import (
	"fmt"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "loadstore",
	Doc:      "report atomics that are loaded and then stored without a compare-and-swap",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	writers := writersOf(locks)
	for _, f := range locks.Funcs {
		if !callableAtOnce(f) {
			continue
		}
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				store, ok := instr.(*ssa.Call)
				if !ok {
					continue
				}
				value, addr, ok := operand(store, "Store")
				if !ok {
					continue
				}
				key := locks.Resolve(addr)
				// The head of a queue with one consumer is stored by one
				// method only, which its users call from one goroutine.
				if class, ok := key.Class(); !ok || len(writers[class]) < 2 {
					continue
				}
				if locks.Fresh(key, f) || !alwaysBare(locks, f, store) {
					continue
				}
				load := find(locks, value, key, map[ssa.Value]bool{})
				if load == nil || load.Parent() != f.Fn || won(locks, f, store) {
					continue
				}
				pass.Report(analysis.Diagnostic{
					Pos:     store.Pos(),
					Message: fmt.Sprintf("%s is stored from what was loaded before: what others stored in between is lost", name(key)),
					Related: []analysis.RelatedInformation{{Pos: load.Pos(), Message: "loaded here"}},
				})
			}
		}
	}
	return nil, nil
}

// writersOf lists, for every atomic, the functions of the API, and the
// goroutines, that change it.
func writersOf(locks *lockset.Result) map[lockset.Field]map[*lockset.Func]bool {
	writers := map[lockset.Field]map[*lockset.Func]bool{}
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				call, ok := instr.(*ssa.Call)
				if !ok {
					continue
				}
				for _, op := range []string{"Store", "Add", "Swap", "CompareAndSwap", "And", "Or"} {
					_, addr, ok := operand(call, op)
					if !ok {
						continue
					}
					key := locks.Resolve(addr)
					if class, ok := key.Class(); ok && !locks.Fresh(key, f) {
						if writers[class] == nil {
							writers[class] = map[*lockset.Func]bool{}
						}
						for _, entry := range locks.Entries(f) {
							writers[class][entry] = true
						}
					}
				}
			}
		}
	}
	return writers
}

func name(k lockset.Key) string {
	if n := k.Name(); n != "" {
		return n
	}
	return "the atomic"
}

// callableAtOnce reports whether several goroutines can run f on one object at
// the same time: a goroutine may well own an atomic that others only read.
func callableAtOnce(f *lockset.Func) bool {
	if f.Opaque {
		return false
	}
	for i := range f.Contexts {
		if f.Contexts[i].Origin == nil && !f.Contexts[i].Synced {
			return true
		}
	}
	return false
}

// alwaysBare reports whether some way of coming here holds no lock at all.
func alwaysBare(locks *lockset.Result, f *lockset.Func, instr ssa.Instruction) bool {
	for _, v := range locks.Views(f, instr) {
		if v.Bare && !v.Unknown && v.Context.Origin == nil && !v.Context.Synced {
			return true
		}
	}
	return false
}

// operand says whether a call is the atomic operation of that name, as a method
// of an atomic type or as a function, and returns its value and its address.
func operand(c *ssa.Call, op string) (value, addr ssa.Value, ok bool) {
	fn := c.Call.StaticCallee()
	if fn == nil || fn.Object() == nil || fn.Object().Pkg() == nil || fn.Object().Pkg().Path() != "sync/atomic" || len(c.Call.Args) == 0 {
		return nil, nil, false
	}
	obj := fn.Object().(*types.Func)
	n := obj.Name()
	if obj.Signature().Recv() == nil {
		if len(n) <= len(op) || n[:len(op)] != op {
			return nil, nil, false
		}
	} else if n != op {
		return nil, nil, false
	}
	if len(c.Call.Args) > 1 {
		value = c.Call.Args[1]
	}
	return value, c.Call.Args[0], true
}

// find looks in what a value was computed from for a load of the same atomic.
func find(locks *lockset.Result, v ssa.Value, key lockset.Key, seen map[ssa.Value]bool) *ssa.Call {
	if v == nil || seen[v] || len(seen) > 200 {
		return nil
	}
	seen[v] = true
	switch v := v.(type) {
	case *ssa.Call:
		if _, addr, ok := operand(v, "Load"); ok {
			if locks.Resolve(addr) == key {
				return v
			}
			return nil
		}
		for _, a := range v.Call.Args {
			if c := find(locks, a, key, seen); c != nil {
				return c
			}
		}
		return nil
	case *ssa.Alloc:
		// A fresh copy that is changed and then stored.
		for _, ref := range *v.Referrers() {
			switch ref := ref.(type) {
			case *ssa.Store:
				if ref.Addr == v {
					if c := find(locks, ref.Val, key, seen); c != nil {
						return c
					}
				}
			case *ssa.FieldAddr:
				for _, use := range *ref.Referrers() {
					if st, ok := use.(*ssa.Store); ok && st.Addr == ref {
						if c := find(locks, st.Val, key, seen); c != nil {
							return c
						}
					}
				}
			}
		}
		return nil
	case ssa.Instruction:
		for _, op := range v.Operands(nil) {
			if *op == nil {
				continue
			}
			if c := find(locks, *op, key, seen); c != nil {
				return c
			}
		}
	}
	return nil
}

// won reports whether a compare-and-swap, a swap, an operation on a channel or the
// Wait of a Cond comes before the store, here or in a function that is called, such
// as the Lock of a lock made of a channel: then the goroutine may have won the right to store.
func won(locks *lockset.Result, f *lockset.Func, store *ssa.Call) bool {
	for _, b := range f.Fn.Blocks {
		if (b == store.Block() || lockset.Reaches(b, store.Block())) && locks.Does(f, b, wins) {
			return true
		}
	}
	return false
}

// waitsFor reports whether a loop goes on by what a value is.
func waitsFor(v ssa.Value, seen map[ssa.Value]bool) bool {
	if seen[v] || v.Referrers() == nil {
		return false
	}
	seen[v] = true
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.If:
			if lockset.InCycle(ref.Block()) {
				return true
			}
		case *ssa.BinOp, *ssa.UnOp, *ssa.Convert, *ssa.Phi:
			if waitsFor(ref.(ssa.Value), seen) {
				return true
			}
		}
	}
	return false
}

// wins reports whether an instruction may be what gives the right to store.
func wins(instr ssa.Instruction) bool {
	switch instr := instr.(type) {
	case *ssa.Call:
		for _, op := range []string{"CompareAndSwap", "Swap"} {
			if _, _, ok := operand(instr, op); ok {
				return true
			}
		}
		for _, op := range []string{"Or", "And", "Add"} { // a flag that is set, a ticket that is drawn
			if _, _, ok := operand(instr, op); ok && waitsFor(instr, map[ssa.Value]bool{}) {
				return true
			}
		}
		fn := instr.Call.StaticCallee()
		if fn != nil && fn.Name() == "LoadOrStore" {
			return true
		}
		return fn != nil && fn.Name() == "Wait" && len(instr.Call.Args) == 1 && lockset.IsSync(instr.Call.Args[0].Type(), "Cond")
	case *ssa.UnOp:
		return instr.Op == token.ARROW
	case *ssa.Select, *ssa.Send:
		return true
	}
	return false
}
