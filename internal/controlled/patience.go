package controlled

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"

	"racebench/internal/explore"
)

// Scenarios let much virtual time pass now and then, which shows deadlines that
// a component should not have. It is not for code that polls: each look is a step
// of a schedule, and hours of them would be taken for a livelock. What polls is
// found out twice: from the source, which is fast and may be wrong, and from what
// a schedule without an end looks like.

// Calls after which a goroutine goes on by the clock: those that repeat by
// themselves or stand in loops as a rule, and those that poll within one.
var (
	repeats = map[string]bool{"Sleep": true, "Tick": true, "NewTicker": true}
	delays  = map[string]bool{
		"After": true, "AfterFunc": true, "NewTimer": true,
		"WithTimeout": true, "WithTimeoutCause": true, "WithDeadline": true, "WithDeadlineCause": true,
	}
)

// polls reports whether the code of a candidate looks again and again after a
// while, by its look. What does not parse polls.
func polls(sources map[string][]byte) bool {
	for name, text := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil || pollsWithin(file, false) {
			return true
		}
	}
	return false
}

// pollsWithin goes by the names of calls alone: better one assumption too many.
func pollsWithin(root ast.Node, loop bool) (yes bool) {
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt:
			if !loop {
				yes = yes || pollsWithin(n.Body, true)
				return false
			}
		case *ast.RangeStmt:
			if !loop {
				yes = yes || pollsWithin(n.Body, true)
				return false
			}
		case *ast.BranchStmt:
			yes = yes || n.Tok == token.GOTO // a loop by another name
		case *ast.SelectorExpr:
			yes = yes || repeats[n.Sel.Name] || loop && delays[n.Sel.Name]
		}
		return !yes
	})
	return yes
}

// endless returns the scenarios of which a schedule went on for too long, so
// that they have to be explored again without long waits.
func (o *Options) endless(r *explore.Report, tests []string) (again []Scenario) {
	for _, p := range r.Packages {
		for _, t := range p.Tests {
			i := slices.Index(tests, t.Name)
			if i >= 0 && (t.Error != "" || slices.ContainsFunc(t.Findings, func(f *explore.Finding) bool { return f.Kind == explore.Livelock })) {
				again = append(again, o.Scenarios[i])
			}
		}
	}
	return again
}

// replace puts the tests of another report in the place of those of the same
// names.
func replace(r, by *explore.Report) {
	for _, p := range by.Packages {
		for _, t := range p.Tests {
			for i := range r.Packages {
				tests := r.Packages[i].Tests
				if j := slices.IndexFunc(tests, func(x explore.TestReport) bool { return x.Name == t.Name }); j >= 0 {
					tests[j] = t
				}
			}
		}
	}
}
