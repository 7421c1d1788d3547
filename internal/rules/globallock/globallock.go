package globallock

import (
	"fmt"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"

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
	for _, a := range locks.Accesses() {
		// Only where the object has no lock of its own in hand, and where it
		// is changed: a registry of all instances needs a common lock.
		if a.Fresh || !a.Write {
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
