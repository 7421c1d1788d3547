package candidate

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"strings"

	"racebench/internal/result"
)

// checked is a package as the type checker sees it.
type checked struct {
	pkg  *types.Package
	info *types.Info
}

// typeCheck resolves what it can. The standard library is represented by a few
// stubs (see importer), so that no toolchain is needed to load a candidate;
// errors are therefore expected and left to the compiler, and a type that
// stayed unknown is never held against a candidate.
func typeCheck(fset *token.FileSet, sources []*source) checked {
	files := make([]*ast.File, len(sources))
	for i, s := range sources {
		files[i] = s.file
	}
	return check(fset, string(sources[0].component), files)
}

func check(fset *token.FileSet, path string, files []*ast.File) checked {
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object)}
	config := types.Config{Importer: make(importer), Error: func(error) {}, GoVersion: "go1.25"}
	pkg, _ := config.Check(path, fset, files, info)
	return checked{pkg, info}
}

// stubs are the parts of the standard library that can occur in the API of a
// candidate: what its signatures name, what its variables are made by, and what
// it may embed.
var stubs = map[string]string{
	"time":          "type Duration int64; type Time struct{}; type Location struct{}; var UTC, Local *Location; func Now() Time { panic(0) }; func Since(Time) Duration { panic(0) }; const (Nanosecond Duration = 1; Microsecond = 1000*Nanosecond; Millisecond = 1000*Microsecond; Second = 1000*Millisecond)",
	"errors":        "func New(string) error { panic(0) }; func Join(...error) error { panic(0) }",
	"runtime/debug": "func Stack() []byte { panic(0) }",
	"fmt":           "func Errorf(string, ...any) error { panic(0) }; func Sprintf(string, ...any) string { panic(0) }",
	"sync": "type Locker interface { Lock(); Unlock() }; type Mutex struct{}; func (*Mutex) Lock() {}; func (*Mutex) Unlock() {}; func (*Mutex) TryLock() bool { panic(0) };" +
		"type RWMutex struct{}; func (*RWMutex) Lock() {}; func (*RWMutex) Unlock() {}; func (*RWMutex) RLock() {}; func (*RWMutex) RUnlock() {}",
}

// importer gives stubs, and an empty package for whatever has none.
type importer map[string]*types.Package

// Import implements types.Importer.
func (i importer) Import(importPath string) (*types.Package, error) {
	if pkg := i[importPath]; pkg != nil {
		return pkg, nil
	}
	name := path.Base(importPath)
	if name == "v2" {
		name = path.Base(path.Dir(importPath))
	}
	if stub, ok := stubs[importPath]; ok {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, "package "+name+";"+stub, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		pkg, err := (&types.Config{Importer: i}).Check(importPath, fset, []*ast.File{file}, nil)
		if err != nil {
			return nil, err
		}
		i[importPath] = pkg
		return pkg, nil
	}
	pkg := types.NewPackage(importPath, name)
	pkg.MarkComplete()
	i[importPath] = pkg
	return pkg, nil
}

// loadContract type-checks the stub of a component. Its declarations are found
// by name: "Cache", "Cache.Get".
func loadContract(component result.Component) (checked, map[string]string) {
	fset := token.NewFileSet()
	text := contract[component]
	file, err := parser.ParseFile(fset, string(component), text, parser.SkipObjectResolution)
	if err != nil {
		panic(err) // Our own text, and tested.
	}
	return check(fset, string(component), []*ast.File{file}), declarations(fset, file, []byte(text))
}

// declarations maps the name of each declaration to its text without a body.
func declarations(fset *token.FileSet, file *ast.File, text []byte) map[string]string {
	out := make(map[string]string)
	slice := func(from, to token.Pos) string {
		s := string(text[fset.PositionFor(from, false).Offset:fset.PositionFor(to, false).Offset])
		return shorten(s)
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil && len(d.Recv.List) == 1 {
				name = receiver(d.Recv.List[0].Type) + "." + name
			}
			out[name] = slice(d.Pos(), d.Type.End())
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if s, ok := spec.Type.(*ast.StructType); ok && spec.Name.IsExported() {
						// Opaque, or listed field by field below.
						out[spec.Name.Name] = "type " + slice(spec.Pos(), s.Struct) + " struct"
						for _, f := range s.Fields.List {
							for _, n := range f.Names {
								out[spec.Name.Name+"."+n.Name] = n.Name + " " + slice(f.Type.Pos(), f.Type.End())
							}
						}
						continue
					}
					out[spec.Name.Name] = "type " + slice(spec.Pos(), spec.End())
				case *ast.ValueSpec:
					for _, n := range spec.Names {
						out[n.Name] = d.Tok.String() + " " + slice(spec.Pos(), spec.End())
					}
				}
			}
		}
	}
	return out
}

// receiver is the name of a receiver's type.
func receiver(x ast.Expr) string {
	for {
		switch t := x.(type) {
		case *ast.StarExpr:
			x = t.X
		case *ast.ParenExpr:
			x = t.X
		case *ast.IndexExpr:
			x = t.X
		case *ast.IndexListExpr:
			x = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}

// shorten makes one line of a declaration.
func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 160 {
		s = string(r[:159]) + "…"
	}
	return s
}

// canonical renders a type so that equal types of contract and candidate read
// the same: type parameters by number, types of the package itself by the name
// that the contract gives them, aliases resolved.
type canonical struct {
	pkg *types.Package
	// names are the names that the contract has for types of the package.
	names   map[*types.TypeName]string
	params  map[*types.TypeParam]string
	unknown bool // met a type that could not be resolved
}

// bind numbers the type parameters in lists; the first list is numbered as if
// it were the only one, and so are the others, because they stand for each
// other: those of a type and those of a method's receiver.
func (c *canonical) bind(lists ...*types.TypeParamList) {
	c.params = make(map[*types.TypeParam]string)
	for _, list := range lists {
		for i := range list.Len() {
			c.params[list.At(i)] = fmt.Sprintf("$%d", i)
		}
	}
}

func (c *canonical) typ(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		if t.Kind() == types.Invalid {
			c.unknown = true
		}
		// byte and uint8 are one type with two names.
		if int(t.Kind()) < len(types.Typ) && types.Typ[t.Kind()] != nil {
			return types.Typ[t.Kind()].Name()
		}
		return t.Name()
	case *types.Pointer:
		return "*" + c.typ(t.Elem())
	case *types.Slice:
		return "[]" + c.typ(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), c.typ(t.Elem()))
	case *types.Map:
		return "map[" + c.typ(t.Key()) + "]" + c.typ(t.Elem())
	case *types.Chan:
		return fmt.Sprintf("chan(%d) %s", t.Dir(), c.typ(t.Elem()))
	case *types.Signature:
		return "func" + c.signature(t)
	case *types.TypeParam:
		if name, ok := c.params[t]; ok {
			return name
		}
		return t.Obj().Name()
	case *types.Named:
		return c.named(t)
	case *types.Interface:
		return c.iface(t)
	}
	return types.TypeString(t, func(p *types.Package) string { return p.Path() })
}

func (c *canonical) named(t *types.Named) string {
	obj := t.Origin().Obj()
	name := obj.Name()
	switch {
	case obj.Pkg() == nil: // error, comparable
	case obj.Pkg() == c.pkg:
		if n, ok := c.names[obj]; ok {
			name = n
		} else {
			name = "own " + name
		}
	default:
		name = obj.Pkg().Path() + "." + name
	}
	if args := t.TypeArgs(); args.Len() > 0 {
		var list []string
		for i := range args.Len() {
			list = append(list, c.typ(args.At(i)))
		}
		name += "[" + strings.Join(list, ",") + "]"
	} else if params := t.TypeParams(); params.Len() > 0 {
		// The generic type itself, as its own methods see it.
		var list []string
		for i := range params.Len() {
			list = append(list, fmt.Sprintf("$%d", i))
		}
		name += "[" + strings.Join(list, ",") + "]"
	}
	return name
}

// iface knows the two interfaces that the contract has; another spelling of one
// of them is the same interface.
func (c *canonical) iface(t *types.Interface) string {
	if t.NumMethods() == 0 {
		if t.IsMethodSet() {
			return "any"
		}
		if onlyComparable(t) {
			return "comparable"
		}
	}
	return types.TypeString(t, func(p *types.Package) string { return p.Path() })
}

// onlyComparable says whether an interface is comparable by another name.
func onlyComparable(t *types.Interface) bool {
	for e := range t.EmbeddedTypes() {
		switch e := types.Unalias(e).(type) {
		case *types.Named:
			if e.Obj().Pkg() == nil && e.Obj().Name() == "comparable" {
				continue
			}
			if i, ok := e.Underlying().(*types.Interface); ok && (onlyComparable(i) || i.Empty()) {
				continue
			}
		case *types.Interface:
			if onlyComparable(e) || e.Empty() {
				continue
			}
		}
		return false
	}
	return t.NumExplicitMethods() == 0 && t.IsComparable()
}

// signature renders type parameters with their constraints, parameters and
// results; the receiver and all names are left out.
func (c *canonical) signature(s *types.Signature) string {
	var b strings.Builder
	if params := s.TypeParams(); params.Len() > 0 {
		b.WriteString(c.constraints(params))
	}
	tuple := func(t *types.Tuple, variadic bool) string {
		var list []string
		for i := range t.Len() {
			text := c.typ(t.At(i).Type())
			if variadic && i == t.Len()-1 {
				text = "..." + strings.TrimPrefix(text, "[]")
			}
			list = append(list, text)
		}
		return "(" + strings.Join(list, ",") + ")"
	}
	b.WriteString(tuple(s.Params(), s.Variadic()))
	b.WriteString(tuple(s.Results(), false))
	return b.String()
}

// constraints renders a list of type parameters.
func (c *canonical) constraints(params *types.TypeParamList) string {
	var list []string
	for i := range params.Len() {
		constraint := params.At(i).Constraint()
		text := c.typ(constraint)
		// A named constraint may be another name for a known one.
		if i, ok := constraint.Underlying().(*types.Interface); ok {
			text = c.iface(i)
		}
		list = append(list, text)
	}
	return "[" + strings.Join(list, ",") + "]"
}
