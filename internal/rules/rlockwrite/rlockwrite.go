package rlockwrite

import (
	"fmt"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "rlockwrite",
	Doc:      "report writes under RLock",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	reported := map[token.Pos]bool{}
	for _, a := range locks.Accesses() {
		// The elements of a slice may belong to one goroutine each, and the
		// lock to those who want all of them.
		if !a.Write || a.Fresh || reported[a.Pos] || strings.HasSuffix(a.Field.Name, "[]") && !a.Map {
			continue
		}
		for _, v := range a.Views {
			lock, ok := onlyRead(a, v)
			if !ok || v.Unknown || v.Synced || v.Unnamed || v.Context.Origin != nil {
				continue
			}
			reported[a.Pos] = true
			pass.Report(analysis.Diagnostic{
				Pos:     a.Pos,
				Message: fmt.Sprintf("%s is written while %s is held for reading: other readers are writing it, too", a.Field, lock),
			})
			break
		}
	}
	return nil, nil
}

// onlyRead returns the object's lock if it is held for reading and no other
// lock is held that could keep the readers apart.
func onlyRead(a lockset.Access, v lockset.View) (string, bool) {
	for _, m := range v.Locks {
		if m != lockset.Read {
			return "", false
		}
	}
	found := ""
	for lock, m := range a.Guards(v) {
		if m == lockset.Read && (found == "" || lock < found) {
			found = lock
		}
	}
	return found, found != ""
}
