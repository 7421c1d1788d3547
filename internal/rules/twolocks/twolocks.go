package twolocks

import (
	"fmt"
	"go/token"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "twolocks",
	Doc:      "report fields guarded by different locks in different places",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

type sighting struct {
	access lockset.Access
	locks  []string
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	var seen []sighting
	for _, a := range locks.Accesses() {
		if a.Fresh {
			continue
		}
		for _, v := range a.Views {
			guards := a.Guards(v)
			// A goroutine may own what it uses under a lock taken for another
			// reason. Any lock that is not plainly one of the object's own, or that
			// is reached by pointer and may be the same as another, makes the
			// comparison worthless.
			if v.Unknown || v.Synced || v.Context.Origin != nil || len(guards) == 0 || len(guards) != len(v.Locks) {
				continue
			}
			names := slices.Sorted(maps.Keys(guards))
			if slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, "*") }) {
				continue
			}
			seen = append(seen, sighting{a, names})
		}
	}
	reported := map[token.Pos]bool{}
	for _, s := range seen {
		if reported[s.access.Pos] {
			continue
		}
		for _, o := range seen {
			if !s.access.Field.Overlaps(o.access.Field) || !s.access.Write && !o.access.Write ||
				slices.ContainsFunc(s.locks, func(l string) bool { return slices.Contains(o.locks, l) }) {
				continue
			}
			// Of the two places the one that is in the minority is the slip.
			if n, m := count(seen, s), count(seen, o); n > m || n == m && s.access.Pos < o.access.Pos {
				continue
			}
			reported[s.access.Pos] = true
			pass.Report(analysis.Diagnostic{
				Pos:     s.access.Pos,
				Message: fmt.Sprintf("%s is guarded by %s here, but by %s elsewhere", s.access.Field, strings.Join(s.locks, " and "), strings.Join(o.locks, " and ")),
				Related: []analysis.RelatedInformation{{Pos: o.access.Pos, Message: "guarded by " + strings.Join(o.locks, " and ")}},
			})
			break
		}
	}
	return nil, nil
}

func count(seen []sighting, like sighting) int {
	n := 0
	for _, s := range seen {
		if s.access.Field.Overlaps(like.access.Field) && slices.Equal(s.locks, like.locks) {
			n++
		}
	}
	return n
}
