package globallock

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "globallock",
	Doc:      "report package-level locks that guard the fields of every instance",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	reported := map[string]bool{}
	handedOut(pass, locks, reported)
	accesses := locks.Accesses()
	independent := haveOwnLocks(accesses)
	for _, a := range accesses {
		// Only where the object has no lock of its own in hand, and where it
		// is changed: a registry of all instances needs a common lock. A
		// helper's object may be used under a lock that is for something else.
		if a.Fresh || !a.Write || !a.Field.Owner.Exported() || independent[a.Field.Owner] {
			continue
		}
		for _, v := range a.Views {
			global, own := "", false
			for lock := range a.Guards(v) {
				if name, ok := strings.CutPrefix(lock, "package "); ok {
					if global == "" || name < global {
						global = name
					}
				} else {
					own = true
				}
			}
			if global == "" || own || v.Unknown || reported[global] {
				continue
			}
			reported[global] = true
			pos := a.Pos
			obj := pass.Pkg.Scope().Lookup(global)
			d := analysis.Diagnostic{
				Pos:     pos,
				Message: fmt.Sprintf("%s is guarded by the package-level %s: no two instances can work at the same time", a.Field, global),
			}
			if obj != nil && obj.Pos() != token.NoPos {
				d.Related = []analysis.RelatedInformation{{Pos: obj.Pos(), Message: "declared here"}}
			}
			pass.Report(d)
		}
	}
	return nil, nil
}

// haveOwnLocks are the types whose objects guard fields by locks of their own. A
// package's lock that guards others of their fields keeps a registry of them.
func haveOwnLocks(accesses []lockset.Access) map[*types.TypeName]bool {
	out := map[*types.TypeName]bool{}
	for _, a := range accesses {
		for _, v := range a.Views {
			for lock := range a.Guards(v) {
				if !strings.HasPrefix(lock, "package ") {
					out[a.Field.Owner] = true
				}
			}
		}
	}
	return out
}

// handedOut reports package-level locks whose address every instance gets.
func handedOut(pass *analysis.Pass, locks *lockset.Result, reported map[string]bool) {
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				st, ok := instr.(*ssa.Store)
				if !ok {
					continue
				}
				global, ok := st.Val.(*ssa.Global)
				to, isField := st.Addr.(*ssa.FieldAddr)
				if !ok || !isField || !lockset.IsMutex(global.Type()) || reported[global.Name()] {
					continue
				}
				field, ok := lockset.FieldOf(to)
				if !ok {
					continue
				}
				reported[global.Name()] = true
				pos := st.Pos()
				if !pos.IsValid() {
					pos = to.Pos()
				}
				pass.Report(analysis.Diagnostic{
					Pos:     pos,
					Message: fmt.Sprintf("%s of every instance is the package-level %s: no two of them can work at the same time", field, global.Name()),
					Related: []analysis.RelatedInformation{{Pos: global.Pos(), Message: "declared here"}},
				})
			}
		}
	}
}
