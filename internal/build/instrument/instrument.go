// Package instrument puts noise points into the sources of a candidate: a call
// before every statement, between the reading and the writing half of a simple
// read-modify-write, and after a call whose value is one of several in an
// expression, where a torn snapshot is torn.
//
// A point changes no meaning: it is a call without arguments from the program
// and without effects on it, at places where Go lets goroutines switch anyway.
// The text is edited in place and never printed from a syntax tree, so every
// statement stays on its line: panics, dumps and race reports show the
// candidate's own positions. Only columns move.
package instrument

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"hash/fnv"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Packages instruments Go files that are keyed by slash-separated path; files
// of one folder are one package. noise is the import path of the noise package.
// The given map and its texts are left alone. An error means that a file does
// not parse.
func Packages(sources map[string][]byte, noise string) (map[string][]byte, error) {
	folders := make(map[string][]string)
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		folders[path.Dir(name)] = append(folders[path.Dir(name)], name)
	}
	out := make(map[string][]byte, len(sources))
	for _, names := range folders {
		if err := instrument(out, sources, names, noise); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// instrument does the files of one package.
func instrument(out, sources map[string][]byte, names []string, noise string) error {
	fset := token.NewFileSet()
	files := make([]*ast.File, len(names))
	declared := make(map[string]bool)
	for i, name := range names {
		file, err := parser.ParseFile(fset, name, sources[name], parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("instrument: %w", err)
		}
		files[i] = file
		collectNames(file, declared)
	}
	fresh := func(stem string) string {
		name := stem
		for n := 1; slices.ContainsFunc(names, func(f string) bool { return bytes.Contains(sources[f], []byte(name)) }); n++ {
			name = stem + strconv.Itoa(n)
		}
		return name
	}
	pkg, tmp := fresh("racebenchNoise"), fresh("racebenchOld")
	for i, name := range names {
		e := &editor{
			fset: fset, file: files[i], text: sources[name], declared: declared,
			pkg: pkg, tmp: tmp, site: hash(name),
		}
		e.fileEdits()
		if len(e.edits) > 0 {
			e.insert(files[i].Name.End(), fmt.Sprintf("; import %s %q", pkg, noise))
		}
		out[name] = e.apply()
	}
	return nil
}

// hash numbers the first site of a file, so that sites of different files
// differ.
func hash(name string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return h.Sum32()
}

// collectNames adds every identifier that the file declares in any scope,
// fields and methods aside. A predeclared name among them cannot be trusted.
func collectNames(file *ast.File, declared map[string]bool) {
	add := func(idents ...*ast.Ident) {
		for _, id := range idents {
			if id != nil {
				declared[id.Name] = true
			}
		}
	}
	addExpr := func(exprs ...ast.Expr) {
		for _, x := range exprs {
			if id, ok := x.(*ast.Ident); ok {
				add(id)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			add(n.Name)
			if n.Name == nil {
				if p, err := strconv.Unquote(n.Path.Value); err == nil {
					declared[path.Base(p)] = true
				}
			}
		case *ast.ValueSpec:
			add(n.Names...)
		case *ast.TypeSpec:
			add(n.Name)
			if n.TypeParams != nil {
				for _, f := range n.TypeParams.List {
					add(f.Names...)
				}
			}
		case *ast.FuncDecl:
			if n.Recv == nil {
				add(n.Name)
			} else {
				for _, f := range n.Recv.List {
					add(f.Names...)
					// The type parameters of a generic receiver.
					ast.Inspect(f.Type, func(n ast.Node) bool {
						if id, ok := n.(*ast.Ident); ok {
							add(id)
						}
						return true
					})
				}
			}
		case *ast.FuncType:
			for _, list := range []*ast.FieldList{n.TypeParams, n.Params, n.Results} {
				if list != nil {
					for _, f := range list.List {
						add(f.Names...)
					}
				}
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				addExpr(n.Lhs...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				addExpr(n.Key, n.Value)
			}
		case *ast.LabeledStmt:
			add(n.Label)
		}
		return true
	})
}

// edit replaces text[from:to].
type edit struct {
	from, to int
	text     string
	order    int
}

// editor collects the edits of one file.
type editor struct {
	fset     *token.FileSet
	file     *ast.File
	text     []byte
	declared map[string]bool
	pkg, tmp string
	site     uint32
	edits    []edit
}

func (e *editor) offset(p token.Pos) int { return e.fset.PositionFor(p, false).Offset }

func (e *editor) line(p token.Pos) int { return e.fset.PositionFor(p, false).Line }

func (e *editor) source(n ast.Node) string {
	return string(e.text[e.offset(n.Pos()):e.offset(n.End())])
}

func (e *editor) insert(at token.Pos, text string) { e.replace(at, at, text) }

func (e *editor) replace(from, to token.Pos, text string) {
	e.edits = append(e.edits, edit{e.offset(from), e.offset(to), text, len(e.edits)})
}

// nextSite numbers the sites of a file.
func (e *editor) nextSite() uint32 {
	e.site++
	return e.site
}

// point is the text of one point.
func (e *editor) point() string { return fmt.Sprintf("%s.At(%d)", e.pkg, e.nextSite()) }

// apply makes the edits. Those at the same place keep the order in which they
// were made.
func (e *editor) apply() []byte {
	slices.SortStableFunc(e.edits, func(a, b edit) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return a.order - b.order
	})
	var out bytes.Buffer
	at := 0
	for _, ed := range e.edits {
		out.Write(e.text[at:ed.from])
		out.WriteString(ed.text)
		at = ed.to
	}
	out.Write(e.text[at:])
	return out.Bytes()
}

// fileEdits walks the file. Constant declarations and types hold no statements
// and no calls that could be wrapped, except for constant ones that must stay
// constant, so they are passed over.
func (e *editor) fileEdits() {
	ast.Inspect(e.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			return n.Tok == token.VAR
		case *ast.ArrayType, *ast.StructType, *ast.InterfaceType, *ast.FuncType, *ast.ImportSpec:
			return false
		case *ast.BlockStmt:
			return e.statements(n.List)
		case *ast.CaseClause:
			for _, s := range n.Body {
				e.statement(s)
			}
		case *ast.CommClause:
			for _, s := range n.Body {
				e.statement(s)
			}
		case *ast.CompositeLit:
			for _, x := range n.Elts {
				if kv, ok := x.(*ast.KeyValueExpr); ok {
					x = kv.Value
				}
				e.value(x)
			}
		case *ast.BinaryExpr:
			// The operands of a shift influence each other's types.
			if n.Op != token.SHL && n.Op != token.SHR {
				e.value(n.X)
			}
		case *ast.CallExpr:
			e.visit(n)
			e.processors(n)
			if len(n.Args) > 1 {
				for _, x := range n.Args {
					e.value(x)
				}
			}
		case *ast.ReturnStmt:
			if len(n.Results) > 1 {
				for _, x := range n.Results {
					e.value(x)
				}
			}
		case *ast.AssignStmt:
			if len(n.Rhs) > 1 {
				for _, x := range n.Rhs {
					e.value(x)
				}
			}
		}
		return true
	})
}

func (e *editor) statements(list []ast.Stmt) bool {
	for _, s := range list {
		switch s.(type) {
		case *ast.CaseClause, *ast.CommClause:
			// The body of a switch or select; its clauses hold the statements.
			return true
		}
		e.statement(s)
	}
	return true
}

// statement puts a point before a statement, and one into it if it is a simple
// read-modify-write.
func (e *editor) statement(s ast.Stmt) {
	if empty, ok := s.(*ast.EmptyStmt); ok && empty.Implicit {
		return
	}
	e.insert(s.Pos(), e.point()+"; ")
	e.split(s)
}

// value puts a point after a call that is one of several values in an
// expression. A call in such a place has one result, and its type is known to
// type inference unless it is a conversion or a builtin, which are no places
// worth a point anyway.
func (e *editor) value(x ast.Expr) {
	call, ok := x.(*ast.CallExpr)
	if !ok {
		return
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	// A conversion pkg.Type(x) has exactly one operand and looks like a call.
	if id, ok := sel.X.(*ast.Ident); ok && len(call.Args) == 1 && !e.atomicCall(id.Name, sel.Sel.Name) && e.imported(id.Name) {
		return
	}
	// The same with parentheses around it, or a method expression.
	if _, ok := sel.X.(*ast.ParenExpr); ok {
		return
	}
	e.insert(call.Pos(), e.pkg+".After(")
	e.insert(call.End(), fmt.Sprintf(", %d)", e.nextSite()))
}

// visiting are the functions of package slices that look at one element after the
// other. What they do is not instrumented, being the standard library's.
var visiting = map[string]bool{
	"Contains": true, "ContainsFunc": true, "DeleteFunc": true, "Index": true, "IndexFunc": true, "Max": true, "Min": true,
}

// visit has the elements counted that a call of package slices looks at.
func (e *editor) visit(call *ast.CallExpr) {
	if name, ok := e.standardCall(call, "slices"); !ok || !visiting[name] || len(call.Args) == 0 {
		return
	}
	// Of a call the edits would be in each other's way.
	if of := call.Args[0]; e.plain(of) {
		e.insert(of.Pos(), e.pkg+".Visits(")
		e.insert(of.End(), ")")
	}
}

// processors has runtime.NumCPU answer what the scenario wants: who has a stripe for
// every four processors has a single one on a small machine, and is right there.
func (e *editor) processors(call *ast.CallExpr) {
	if name, ok := e.standardCall(call, "runtime"); ok && name == "NumCPU" {
		e.replace(call.Pos(), call.End(), e.pkg+".CPUs("+e.source(call)+")")
	}
}

// standardCall is the name of the function of a package of the standard library that
// is called.
func (e *editor) standardCall(call *ast.CallExpr, of string) (name string, ok bool) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return sel.Sel.Name, ok && pkg.Name == of && e.standard(of)
}

// standard says whether a name can be nothing but the package of the standard library
// that is called so.
func (e *editor) standard(name string) bool {
	yes := slices.ContainsFunc(e.file.Imports, func(spec *ast.ImportSpec) bool {
		return spec.Name == nil && spec.Path.Value == strconv.Quote(name)
	})
	ast.Inspect(e.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			// What is selected from is declared elsewhere, what is selected no matter.
			_, bare := n.X.(*ast.Ident)
			return !bare
		case *ast.Ident:
			yes = yes && n.Name != name
		}
		return yes
	})
	return yes
}

// atomicCall knows the functions of sync/atomic that read.
func (e *editor) atomicCall(pkg, name string) bool {
	return pkg == "atomic" && strings.HasPrefix(name, "Load")
}

// imported says whether the name is that of an import of the file.
func (e *editor) imported(name string) bool {
	for _, spec := range e.file.Imports {
		if spec.Name != nil {
			if spec.Name.Name == name {
				return true
			}
			continue
		}
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		base := path.Base(p)
		if base == name || (base == "v2" && path.Base(path.Dir(p)) == name) {
			return true
		}
	}
	return false
}
