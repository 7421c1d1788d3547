package unlockmissing

import (
	"fmt"
	"go/token"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "unlockmissing",
	Doc:      "report paths that leave a function with a lock held",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	for _, f := range locks.Funcs {
		var rets []*ssa.Return
		for _, b := range f.Fn.Blocks {
			ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if ok && f.Before(ret) != nil && b != f.Fn.Recover {
				rets = append(rets, ret)
			}
		}
		for _, ret := range rets {
			s := f.Before(ret)
			if s.Unknown {
				continue
			}
			for _, k := range sorted(s.Held) {
				if k.Root == nil || locks.Fresh(k, f) {
					continue
				}
				// Held at every return: a helper that locks for its caller,
				// unless nobody ever unlocks. Held at some: a helper may tell
				// its caller by what it returns.
				free := slices.ContainsFunc(rets, func(r *ssa.Return) bool { return !f.Before(r).May[k] })
				if !free && !f.API || unlockedForIt(locks, f, k) {
					continue
				}
				taken := takenAt(locks, f, k)
				pos := ret.Pos()
				if !pos.IsValid() {
					pos = taken
				}
				pass.Report(analysis.Diagnostic{
					Pos:     pos,
					Message: fmt.Sprintf("%s is still held when the function returns here", k.Name()),
					Related: []analysis.RelatedInformation{{Pos: taken, Message: "taken here"}},
				})
			}
		}
		rethrown(pass, locks, f)
	}
	return nil, nil
}

// takenAt is the first place where f takes the lock itself or through a helper.
func takenAt(locks *lockset.Result, f *lockset.Func, k lockset.Key) token.Pos {
	at := f.Fn.Pos()
	found := false
	for _, b := range f.Fn.Blocks {
		for i, instr := range b.Instrs {
			call, ok := instr.(*ssa.Call)
			if !ok || i+1 >= len(b.Instrs) {
				continue
			}
			before, after := f.Before(call), f.Before(b.Instrs[i+1])
			if before == nil || after == nil || before.May[k] || !after.May[k] {
				continue
			}
			if !found || call.Pos() < at {
				at, found = call.Pos(), true
			}
		}
	}
	return at
}

// rethrown reports panics that pass on a recovered value while a lock is held
// that nothing deferred gives back.
func rethrown(pass *analysis.Pass, locks *lockset.Result, f *lockset.Func) {
	for _, b := range f.Fn.Blocks {
		p, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Panic)
		if !ok || f.Before(p) == nil {
			continue
		}
		s := f.Before(p)
		if s.Unknown || len(s.Defers) > 0 || !isRecovered(p.X) {
			continue
		}
		for _, k := range sorted(s.Held) {
			if k.Root == nil || locks.Fresh(k, f) {
				continue
			}
			pass.Report(analysis.Diagnostic{
				Pos:     p.Pos(),
				Message: fmt.Sprintf("the panic goes on with %s held", k.Name()),
				Related: []analysis.RelatedInformation{{Pos: takenAt(locks, f, k), Message: "taken here"}},
			})
		}
	}
}

func isRecovered(v ssa.Value) bool {
	if mi, ok := v.(*ssa.MakeInterface); ok {
		v = mi.X
	}
	return lockset.IsRecover(v)
}

// unlockedForIt reports whether another function gives the lock back that f
// leaves held. For one that anybody may call that can only be another such
// one, as Unlock is for Lock. A helper's callers may do it.
func unlockedForIt(locks *lockset.Result, f *lockset.Func, k lockset.Key) bool {
	for _, g := range locks.Funcs {
		if g == f || f.API && !g.API {
			continue
		}
		takes, gives := operations(locks, g, k)
		if gives && !takes {
			return true
		}
		if f.API {
			continue
		}
		for _, c := range f.Calls {
			if c.Caller == g && gives {
				return true
			}
		}
	}
	return false
}

// operations says whether g itself takes or gives back a lock of that name.
func operations(locks *lockset.Result, g *lockset.Func, k lockset.Key) (takes, gives bool) {
	for _, b := range g.Fn.Blocks {
		for _, instr := range b.Instrs {
			ci, ok := instr.(ssa.CallInstruction)
			if !ok {
				continue
			}
			op, u, ok := locks.LockOperation(ci.Common())
			if !ok || lastField(u) != lastField(k) {
				continue
			}
			switch op {
			case lockset.Lock, lockset.RLock:
				takes = true
			case lockset.Unlock, lockset.RUnlock:
				gives = true
			}
		}
	}
	return takes, gives
}

func lastField(k lockset.Key) string {
	return k.Path[strings.LastIndexByte(k.Path, '.')+1:]
}

func sorted(m map[lockset.Key]lockset.Mode) []lockset.Key {
	return slices.SortedFunc(maps.Keys(m), func(a, b lockset.Key) int { return strings.Compare(a.String(), b.String()) })
}
