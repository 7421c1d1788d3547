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
		takes := operations(locks, f, lockset.Lock, lockset.RLock)
		if len(takes) == 0 {
			continue
		}
		returned := map[lockset.Key]bool{} // some return has it free
		var rets []*ssa.Return
		for _, b := range f.Fn.Blocks {
			ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if !ok || f.Before(ret) == nil || b == f.Fn.Recover {
				continue
			}
			rets = append(rets, ret)
			for k := range takes {
				if !f.Before(ret).May[k] {
					returned[k] = true
				}
			}
		}
		for _, ret := range rets {
			s := f.Before(ret)
			if s.Unknown {
				continue
			}
			for _, k := range sorted(takes) {
				if _, held := s.Held[k]; !held {
					continue
				}
				// Held at every return: a helper that locks for its caller,
				// unless anybody may call it and nobody unlocks. Held at some:
				// a helper may tell its caller by what it returns.
				if returned[k] && (f.API || !unlockedElsewhere(locks, f, k)) ||
					!returned[k] && f.API && !unlockedElsewhere(locks, f, k) {
					pos := ret.Pos()
					if !pos.IsValid() {
						pos = takes[k]
					}
					pass.Report(analysis.Diagnostic{
						Pos:     pos,
						Message: fmt.Sprintf("%s is still held when the function returns here", k.Name()),
						Related: []analysis.RelatedInformation{{Pos: takes[k], Message: "taken here"}},
					})
				}
			}
		}
		rethrown(pass, f, takes)
	}
	return nil, nil
}

// rethrown reports panics that pass on a recovered value while a lock is held
// that nothing deferred gives back.
func rethrown(pass *analysis.Pass, f *lockset.Func, takes map[lockset.Key]token.Pos) {
	for _, b := range f.Fn.Blocks {
		p, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Panic)
		if !ok || f.Before(p) == nil {
			continue
		}
		s := f.Before(p)
		if s.Unknown || len(s.Defers) > 0 || !isRecovered(p.X) {
			continue
		}
		for _, k := range sorted(takes) {
			if _, held := s.Held[k]; held {
				pass.Report(analysis.Diagnostic{
					Pos:     p.Pos(),
					Message: fmt.Sprintf("the panic goes on with %s held", k.Name()),
					Related: []analysis.RelatedInformation{{Pos: takes[k], Message: "taken here"}},
				})
			}
		}
	}
}

func isRecovered(v ssa.Value) bool {
	if mi, ok := v.(*ssa.MakeInterface); ok {
		v = mi.X
	}
	call, ok := v.(*ssa.Call)
	if !ok {
		return false
	}
	b, ok := call.Call.Value.(*ssa.Builtin)
	return ok && b.Name() == "recover"
}

// operations are the places where f itself takes or releases locks.
func operations(locks *lockset.Result, f *lockset.Func, ops ...lockset.Operation) map[lockset.Key]token.Pos {
	out := map[lockset.Key]token.Pos{}
	for _, b := range f.Fn.Blocks {
		for _, instr := range b.Instrs {
			ci, ok := instr.(ssa.CallInstruction)
			if !ok {
				continue
			}
			op, k, ok := locks.LockOperation(ci.Common())
			if !ok || !slices.Contains(ops, op) || k.Root == nil {
				continue
			}
			if at, seen := out[k]; !seen || ci.Common().Pos() < at {
				out[k] = ci.Common().Pos()
			}
		}
	}
	return out
}

// unlockedElsewhere reports whether another function gives back a lock that it
// did not take: then f may take it on that one's behalf.
func unlockedElsewhere(locks *lockset.Result, f *lockset.Func, k lockset.Key) bool {
	for _, g := range locks.Funcs {
		if g == f {
			continue
		}
		for u := range operations(locks, g, lockset.Unlock, lockset.RUnlock) {
			if lastField(u) != lastField(k) {
				continue
			}
			if _, takes := operations(locks, g, lockset.Lock, lockset.RLock)[u]; !takes {
				return true
			}
		}
		// The same, where both ends are in one function: it calls f, and
		// unlocks more often than it locks.
		for _, c := range f.Calls {
			if c.Caller == g {
				for u := range operations(locks, g, lockset.Unlock, lockset.RUnlock) {
					if lastField(u) == lastField(k) {
						return true
					}
				}
			}
		}
	}
	return false
}

func lastField(k lockset.Key) string {
	return k.Path[strings.LastIndexByte(k.Path, '.')+1:]
}

func sorted(m map[lockset.Key]token.Pos) []lockset.Key {
	return slices.SortedFunc(maps.Keys(m), func(a, b lockset.Key) int { return int(m[a] - m[b]) })
}
