package scoring

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"strconv"
	"testing"

	"racebench/internal/result"
)

// TestEveryKindHasAMeaning: what a finding is called can be looked up, and what
// the page says about points is what the rubric does.
func TestEveryKindHasAMeaning(t *testing.T) {
	known := map[result.Kind]Meaning{}
	for _, m := range Meanings() {
		if _, twice := known[m.Kind]; twice || m.Means == "" || m.Remedy == "" {
			t.Errorf("%s: twice, or without a text", m.Kind)
		}
		known[m.Kind] = m
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../result/result.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "Kind" {
				kind, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if _, ok := known[result.Kind(kind)]; !ok {
					t.Errorf("%s has no meaning", kind)
				}
			}
		}
		return true
	})
	for _, set := range []map[result.Kind]bool{raceKinds, deadlockKinds, atomicityKinds} {
		for kind := range maps.Keys(set) {
			if m, ok := known[kind]; !ok || len(m.Costs) == 0 && !m.Forfeits {
				t.Errorf("%s: no meaning, or one that costs nothing", kind)
			}
		}
	}
	for kind, forfeits := range map[result.Kind]bool{result.Hostile: true, result.Exit: true, result.Behaviour: true, result.DataRace: false, result.Slow: false} {
		if known[kind].Forfeits != forfeits {
			t.Errorf("%s: forfeits %v", kind, known[kind].Forfeits)
		}
	}
}
