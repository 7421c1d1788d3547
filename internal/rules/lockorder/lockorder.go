package lockorder

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
	Name:     "lockorder",
	Doc:      "report two locks that are taken in both orders",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

// edge is "while first is held, second is taken".
type edge struct{ first, second lockset.Field }

type sighting struct {
	at token.Pos
	// first and second are the locks by their names in the function.
	first, second lockset.Key
	read          bool // both are taken for reading only
	// gates are the further locks held.
	gates map[lockset.Field]bool
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	seen := map[edge][]sighting{}
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				call, ok := instr.(*ssa.Call)
				if !ok {
					continue
				}
				op, key, ok := locks.LockOperation(&call.Call)
				if !ok || op != lockset.Lock && op != lockset.RLock || locks.Fresh(key, f) {
					continue
				}
				second, ok := key.Class()
				if !ok || lockset.OnFlag(b) {
					continue
				}
				for _, v := range locks.Views(f, instr) {
					if v.Unknown {
						continue
					}
					held := classes(locks, f, v)
					for first, h := range held {
						if first == second {
							continue // order within a class is not visible here
						}
						s := sighting{at: call.Pos(), first: h.key, second: key, read: h.mode == lockset.Read && op == lockset.RLock, gates: map[lockset.Field]bool{}}
						for g := range held {
							if g != first {
								s.gates[g] = true
							}
						}
						e := edge{first, second}
						seen[e] = append(seen[e], s)
					}
				}
			}
		}
	}
	for _, e := range slices.SortedFunc(maps.Keys(seen), compare) {
		back := edge{e.second, e.first}
		if compare(e, back) > 0 {
			continue
		}
		if a, b, ok := conflict(seen[e], seen[back]); ok {
			pass.Report(analysis.Diagnostic{
				Pos:     a.at,
				Message: fmt.Sprintf("%s is taken here while %s is held, and elsewhere the other way round: two goroutines can wait for each other", e.second, e.first),
				Related: []analysis.RelatedInformation{{Pos: b.at, Message: fmt.Sprintf("%s taken while %s is held", e.first, e.second)}},
			})
		}
	}
	return nil, nil
}

// hold is a lock that is held.
type hold struct {
	key  lockset.Key
	mode lockset.Mode
}

// apart reports whether two locks of one class lie in different fields of the same
// kind of object, such as the locks of the two ends of a queue.
func apart(a, b lockset.Key) bool {
	if a.Root == nil || b.Root == nil {
		return false
	}
	tn := lockset.NamedOf(a.Root.Type())
	return tn != nil && tn == lockset.NamedOf(b.Root.Type()) && a.Path != b.Path && !strings.Contains(a.Path+b.Path, "[")
}

// classes are the locks held in a view, by class; one that the function made
// itself can be in nobody's way.
func classes(locks *lockset.Result, f *lockset.Func, v lockset.View) map[lockset.Field]hold {
	out := map[lockset.Field]hold{}
	for k, m := range v.Locks {
		if k.Root == nil || locks.Fresh(k, f) {
			continue
		}
		if c, ok := k.Class(); ok {
			h := out[c]
			h.mode |= m
			if h.key.Root == nil || k.String() < h.key.String() {
				h.key = k
			}
			out[c] = h
		}
	}
	return out
}

// conflict finds one sighting of each order that can meet: not all for reading,
// and not both under a third lock.
func conflict(as, bs []sighting) (sighting, sighting, bool) {
	for _, a := range as {
		for _, b := range bs {
			if a.read && b.read || apart(a.first, b.second) || apart(a.second, b.first) {
				continue
			}
			gated := false
			for g := range a.gates {
				gated = gated || b.gates[g]
			}
			if !gated {
				return a, b, true
			}
		}
	}
	return sighting{}, sighting{}, false
}

func compare(a, b edge) int {
	key := func(e edge) string { return e.first.String() + " " + e.second.String() }
	if key(a) < key(b) {
		return -1
	}
	if key(a) > key(b) {
		return 1
	}
	return 0
}
