package racebench

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// compiledWithCandidate are the packages that share a process with a candidate:
// the standard library and each other, nothing else.
var compiledWithCandidate = []string{
	"internal/cache", "internal/counter", "internal/workerpool",
	"internal/noise", "internal/model", "internal/protocol", "internal/planted", "internal/scenarios", "internal/worker",
}

// pure packages import nothing of ours.
var pure = []string{"internal/result", "internal/protocol", "internal/cache", "internal/counter", "internal/workerpool", "internal/noise"}

// only says which packages may import what; a package includes those below it.
var only = map[string][]string{
	"github.com/spf13/cobra":              {"internal/cli"},
	"github.com/spf13/pflag":              {"internal/cli"},
	"github.com/fatih/color":              {"internal/terminal"},
	"github.com/olekukonko/tablewriter":   {"internal/report"},
	"github.com/anishathalye/porcupine":   {"internal/history", "internal/contracttest"},
	"github.com/maruel/panicparse":        {"internal/runner"},
	"github.com/landlock-lsm/go-landlock": {"internal/runner"},
	"golang.org/x/perf":                   {"internal/measure"},
	"golang.org/x/tools":                  {"internal/rules", "internal/candidate", "internal/corpus", "internal/build", "internal/explore", "internal/kit"},
	"racebench/internal/cache":            {"internal/scenarios/forcache/direct"},
	"racebench/internal/counter":          {"internal/scenarios/forcounter"},
	"racebench/internal/workerpool":       {"internal/scenarios/forpool/direct"},
	"racebench/internal/cli":              {"cmd/racebench"},
	"racebench/internal/judge":            {"internal/cli", "internal/selftest"},
	"racebench/internal/kit":              {"internal/cli", "internal/judge", "internal/kit"},
	"racebench/internal/terminal":         {"internal/cli", "internal/report", "internal/explore/timeline"},
	"racebench/internal/report":           {"internal/cli"},
	"racebench/internal/scoring":          {"internal/cli", "internal/report", "internal/judge", "internal/selftest"},
	"racebench/internal/runner":           {"internal/judge", "internal/cli", "internal/runner", "internal/controlled"},
	"racebench/internal/controlled":       {"internal/judge"},
	"racebench/internal/worker":           {"internal/cli", "internal/runner", "internal/worker"},
}

// strangers never import each other: the judge brings them together.
var strangers = []string{"internal/runner", "internal/candidate", "internal/rules", "internal/measure", "internal/explore"}

// source is a non-test file with what it imports.
type source struct {
	file    string
	pkg     string // its folder, relative to the module
	imports []string
	exits   bool
}

// exits are the files that may end the process: main, and the planted defect
// that does just that.
var exits = []string{"cmd/racebench/main.go", "internal/planted/defects.go"}

func within(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

func withinAny(pkg string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return within(pkg, f) })
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != "." && (name == "testdata" || name == "bench" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "inject") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s := source{file: p, pkg: path.Dir(filepath.ToSlash(p))}
		for _, i := range f.Imports {
			imported, _ := strconv.Unquote(i.Path.Value)
			s.imports = append(s.imports, imported)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Exit" {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "os" {
					s.exits = true
				}
			}
			return true
		})
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d files found: the walk is broken", len(all))
	}
	return all
}

// TestImportRules keeps the rooms of docs/architecture.md apart.
func TestImportRules(t *testing.T) {
	for _, s := range sources(t) {
		ours := func(imp string) (string, bool) { return strings.CutPrefix(imp, "racebench/") }
		for _, imp := range s.imports {
			pkg, own := ours(imp)
			standard := !own && !strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") && imp != "racebench"
			if withinAny(s.pkg, pure) && own {
				t.Errorf("%s imports %s: %s imports nothing of ours", s.file, imp, s.pkg)
			}
			if withinAny(s.pkg, compiledWithCandidate) && !standard && !(own && withinAny(pkg, compiledWithCandidate)) {
				t.Errorf("%s imports %s: what is compiled with a candidate is the standard library and %v", s.file, imp, compiledWithCandidate)
			}
			for what, who := range only {
				if within(imp, what) && !withinAny(s.pkg, who) && !(own && within(s.pkg, pkg)) {
					t.Errorf("%s imports %s: only %v may", s.file, imp, who)
				}
			}
			for _, a := range strangers {
				if own && within(s.pkg, a) && !within(pkg, a) && withinAny(pkg, strangers) {
					t.Errorf("%s imports %s: the judge brings them together", s.file, imp)
				}
			}
		}
		if s.exits && !slices.Contains(exits, filepath.ToSlash(s.file)) {
			t.Errorf("%s calls os.Exit: only main does", s.file)
		}
	}
}
