package rules

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	extraction "racebench/internal/candidate/mangle"
	"racebench/internal/corpus"
	"racebench/internal/result"
)

// mangle renames everything that a package does not export and turns the order
// of its functions around.
func mangle(t *testing.T, sources map[string][]byte) map[string][]byte {
	t.Helper()
	p, err := loadStd(t.Context(), Config{}, "racebench/internal/mangled", sources)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range p.files {
		rename := func(id *ast.Ident) {
			if !token.IsExported(id.Name) && id.Name != "_" && id.Name != "init" {
				id.Name = "x" + id.Name + "y"
			}
		}
		f.Comments = nil
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSwitchStmt:
				if as, ok := n.Assign.(*ast.AssignStmt); ok {
					rename(as.Lhs[0].(*ast.Ident))
				}
			case *ast.Ident:
				obj := p.info.Defs[n]
				if obj == nil {
					obj = p.info.Uses[n]
				}
				if _, imported := obj.(*types.PkgName); obj != nil && obj.Pkg() == p.pkg && !imported {
					rename(n)
				}
			}
			return true
		})
		var first, funcs []ast.Decl
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				fn.Doc = nil
				funcs = append(funcs, d)
			} else {
				first = append(first, d)
			}
		}
		slices.Reverse(funcs)
		var b bytes.Buffer
		b.WriteString("package " + f.Name.Name + "\n")
		for _, d := range append(first, funcs...) {
			if err := format.Node(&b, p.fset, d); err != nil {
				t.Fatal(err)
			}
			b.WriteString("\n\n")
		}
		out[p.fset.Position(f.Pos()).Filename] = b.Bytes()
	}
	return out
}

// rulesIn is the set of rules that speak about a package.
func rulesIn(t *testing.T, sources map[string][]byte) []string {
	t.Helper()
	var ids []string
	for _, f := range findingsOf(t, sources) {
		ids = append(ids, f.Rule)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// componentOf are the sources of what an entry replaces, by file name.
func componentOf(e *corpus.Entry) map[string][]byte {
	sources := map[string][]byte{}
	for name, data := range e.Files() {
		if path.Dir(name) == string(e.Component) && isSource(name) {
			sources[path.Base(name)] = data
		}
	}
	return sources
}

// TestVerdictsSurviveMangling: what a rule says rests on what the code does and
// not on what it is called or where it stands.
func TestVerdictsSurviveMangling(t *testing.T) {
	c, err := corpus.Load(os.DirFS(filepath.Join("..", "..", "testdata", "corpus")))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range c.Entries() {
		if e.Want == corpus.Hostile || e.Component == result.Component("") {
			continue
		}
		sources := componentOf(e)
		before, after := rulesIn(t, sources), rulesIn(t, mangle(t, sources))
		if !slices.Equal(before, after) {
			t.Errorf("%s: %v before mangling, %v after", e.Path, before, after)
		}
	}
}

// TestRightFixesSurviveExtraction applies the rules to right fixes as selftest --mangle
// rewrites them, with several seeds: a helper that is extracted is no reason to accuse.
func TestRightFixesSurviveExtraction(t *testing.T) {
	c, err := corpus.Load(os.DirFS(filepath.Join("..", "..", "testdata", "corpus")))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range c.Entries() {
		if e.Want != corpus.Pass {
			continue
		}
		sources := componentOf(e)
		for seed := range uint64(3) {
			rewritten, err := extraction.Package(sources, seed)
			if err != nil {
				t.Fatal(e.Path, err)
			}
			if got := rulesIn(t, rewritten); len(got) > 0 {
				t.Errorf("%s: accused of %v when mangled with seed %d", e.Path, got, seed)
			}
		}
	}
}
