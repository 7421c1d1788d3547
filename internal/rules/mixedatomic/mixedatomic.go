package mixedatomic

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
	Name:     "mixedatomic",
	Doc:      "report fields that are accessed by sync/atomic and plainly",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

type operation struct {
	pos   token.Pos
	load  bool
	views []lockset.View
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	atomics := map[lockset.Field][]operation{}
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				call, ok := instr.(*ssa.Call)
				if !ok || len(call.Call.Args) == 0 {
					continue
				}
				fn := call.Call.StaticCallee()
				if fn == nil || fn.Object() == nil || fn.Object().Pkg() == nil || fn.Object().Pkg().Path() != "sync/atomic" || fn.Signature.Recv() != nil {
					continue
				}
				fa, ok := call.Call.Args[0].(*ssa.FieldAddr)
				if !ok {
					continue
				}
				if field, ok := lockset.FieldOf(fa); ok {
					load := len(fn.Name()) >= 4 && fn.Name()[:4] == "Load"
					atomics[field] = append(atomics[field], operation{call.Pos(), load, locks.Views(f, call)})
				}
			}
		}
	}
	if len(atomics) == 0 {
		return nil, nil
	}
	fields := slices.SortedFunc(maps.Keys(atomics), func(a, b lockset.Field) int { return strings.Compare(a.String(), b.String()) })
	reported := map[token.Pos]bool{}
	for _, a := range locks.Accesses() {
		if a.Fresh || reported[a.Pos] {
			continue
		}
		for _, field := range fields {
			ops := atomics[field]
			if !field.Overlaps(a.Field) {
				continue
			}
			for _, op := range ops {
				if op.load && !a.Write || !meet(a.Views, op.views) {
					continue
				}
				if reported[a.Pos] {
					break
				}
				reported[a.Pos] = true
				pass.Report(analysis.Diagnostic{
					Pos:     a.Pos,
					Message: fmt.Sprintf("%s is used plainly here and by sync/atomic elsewhere: the two do not see each other", field),
					Related: []analysis.RelatedInformation{{Pos: op.pos, Message: "used by sync/atomic"}},
				})
			}
		}
	}
	return nil, nil
}

// meet reports whether the plain and the atomic access can happen at the same
// time: no lock is held at both, which would keep them apart.
func meet(plain, atomic []lockset.View) bool {
	for _, p := range plain {
		if p.Unknown || p.Synced {
			continue
		}
		for _, a := range atomic {
			if a.Unknown || len(a.Locks) > 0 && len(p.Locks) > 0 {
				continue
			}
			// Only one of them holds a lock, or none does.
			if p.Bare || a.Bare {
				return true
			}
		}
	}
	return false
}
