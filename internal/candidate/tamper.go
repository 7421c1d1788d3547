package candidate

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"racebench/internal/result"
)

// imported returns the import path and the name that a selector such as
// time.Local stands for, if it is one of another package.
func imported(x ast.Expr, info *types.Info) (path, name string) {
	sel, ok := ast.Unparen(x).(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	id, ok := ast.Unparen(sel.X).(*ast.Ident)
	if !ok {
		return "", ""
	}
	pkg, ok := info.Uses[id].(*types.PkgName)
	if !ok {
		return "", ""
	}
	return pkg.Imported().Path(), sel.Sel.Name
}

// checkTampering finds what changes the variables of another package, such as
// time.Local: the judge's code in the same process relies on them.
func (c *Candidate) checkTampering(fset *token.FileSet, sources []*source, pkg checked) {
	info := pkg.info
	for _, s := range sources {
		dotted := slices.ContainsFunc(s.file.Imports, func(i *ast.ImportSpec) bool { return i.Name != nil && i.Name.Name == "." })
		changes := func(x ast.Expr) {
			if star, ok := x.(*ast.StarExpr); ok {
				x = star.X
				if path, name := pointee(x, info); path != "" {
					c.add(result.Hostile, s.component, position(fset, s, x.Pos()), "tamper",
						fmt.Sprintf("changes a %s.%s that everybody shares, on which the judge relies, too", path, name))
					return
				}
			}
			if id, ok := x.(*ast.Ident); ok && dotted && foreign(id, info, pkg.pkg) {
				c.add(result.Hostile, s.component, position(fset, s, x.Pos()), "tamper",
					fmt.Sprintf("changes %s, a variable of another package, on which the judge relies, too", id.Name))
			}
			if path, name := imported(x, info); path != "" {
				c.add(result.Hostile, s.component, position(fset, s, x.Pos()), "tamper",
					fmt.Sprintf("changes %s.%s, a variable of another package, on which the judge relies, too", path, name))
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, x := range n.Lhs {
					changes(x)
				}
			case *ast.IncDecStmt:
				changes(n.X)
			case *ast.RangeStmt:
				changes(n.Key)
				changes(n.Value)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					changes(n.X)
				}
			}
			return true
		})
	}
}

// foreign reports whether a name that is assigned to is none of the package's own:
// one of another package whose names are the file's. Not all of them are known.
func foreign(id *ast.Ident, info *types.Info, pkg *types.Package) bool {
	if id.Name == "_" {
		return false
	}
	object := info.ObjectOf(id)
	return object == nil || object.Pkg() != nil && object.Pkg() != pkg
}

// pointee returns the package and the name of the struct of another package that
// a variable points to, if values of it are shared by everybody.
func pointee(x ast.Expr, info *types.Info) (path, name string) {
	id, ok := ast.Unparen(x).(*ast.Ident)
	if sel, is := ast.Unparen(x).(*ast.SelectorExpr); is {
		id, ok = sel.Sel, true
	}
	if !ok || info.ObjectOf(id) == nil {
		return "", ""
	}
	p, ok := types.Unalias(info.ObjectOf(id).Type()).(*types.Pointer)
	if !ok {
		return "", ""
	}
	named, ok := types.Unalias(p.Elem()).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != "time" || named.Obj().Name() != "Location" {
		return "", ""
	}
	return "time", "Location"
}

// The functions of other packages that may be given the text of a call stack:
// keepers give it back, whole, cut or as a part of a longer one, and sinks show
// it or make an error of it. Neither tells what is in it.
var (
	keepers = set(`fmt.Append fmt.Appendf fmt.Appendln fmt.Sprint fmt.Sprintf fmt.Sprintln slices.Clip slices.Clone slices.Concat
		strings.Clone strings.Join strings.ToValidUTF8 strings.TrimRight strings.TrimSpace strings.TrimSuffix`)
	sinks = set(`errors.New fmt.Errorf fmt.Print fmt.Printf fmt.Println`)
)

// checkStackReading finds what asks what stands in the text of a call stack.
// debug.Stack is allowed for PanicError, which keeps the text, cuts it or shows
// it, but has no need to know what is in it.
func (c *Candidate) checkStackReading(fset *token.FileSet, sources []*source, info *types.Info) {
	r := stackReader{info: info, holders: make(map[types.Object]bool), errors: make(map[types.Object]bool), params: make(map[types.Object][]types.Object)}
	for _, s := range sources {
		r.collectParams(s.file)
	}
	for r.more = true; r.more; {
		r.more = false
		for _, s := range sources {
			ast.Inspect(s.file, r.follow)
		}
	}
	for _, s := range sources {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if at, asked := r.asks(n); asked {
				c.add(result.Hostile, s.component, position(fset, s, at), "stack",
					"looks for something in the call stack, to behave only while it is judged")
			}
			return true
		})
	}
}

// stackReader follows the text of a call stack through variables, fields,
// parameters and results.
type stackReader struct {
	info *types.Info
	// holders are what it was put into: variables and fields, and the functions
	// that return it.
	holders map[types.Object]bool
	// errors are the variables and fields that hold an error made of it.
	errors map[types.Object]bool
	// params are those of the package's own functions, by function.
	params map[types.Object][]types.Object
	// more: a holder was found since this was last cleared.
	more bool
}

// collectParams lists the parameters of the functions of a file.
func (r *stackReader) collectParams(file *ast.File) {
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Type.Params == nil {
			continue
		}
		var list []types.Object
		for _, field := range f.Type.Params.List {
			for _, name := range field.Names {
				list = append(list, r.info.ObjectOf(name))
			}
		}
		if object := r.info.ObjectOf(f.Name); object != nil {
			r.params[object] = list
		}
	}
}

// follow notes where a node puts the text.
func (r *stackReader) follow(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for i, x := range n.Rhs {
			if len(n.Lhs) == len(n.Rhs) && (r.isStack(x) || r.gives(x)) {
				r.hold(n.Lhs[i])
			}
			if len(n.Lhs) == len(n.Rhs) && r.isError(x) {
				r.noteError(n.Lhs[i])
			}
		}
	case *ast.ValueSpec:
		for i, x := range n.Values {
			if len(n.Names) == len(n.Values) && (r.isStack(x) || r.gives(x)) {
				r.hold(n.Names[i])
			}
			if len(n.Names) == len(n.Values) && r.isError(x) {
				r.noteError(n.Names[i])
			}
		}
	case *ast.KeyValueExpr:
		key, ok := r.object(n.Key).(*types.Var)
		if ok && key.IsField() && (r.isStack(n.Value) || r.gives(n.Value)) {
			r.note(key)
		}
	case *ast.CompositeLit:
		for i, x := range n.Elts {
			if r.isStack(x) {
				r.note(r.field(n.Type, i))
			}
		}
	case *ast.FuncDecl:
		if n.Body == nil {
			break
		}
		ast.Inspect(n.Body, func(in ast.Node) bool {
			switch in := in.(type) {
			case *ast.FuncLit:
				return false // returns to somebody else
			case *ast.ReturnStmt:
				if len(in.Results) == 1 && r.isStack(in.Results[0]) {
					r.hold(n.Name)
				}
			}
			return true
		})
	case *ast.CallExpr:
		params := r.params[r.object(n.Fun)]
		for i, arg := range n.Args {
			if !r.isStack(arg) {
				continue
			}
			if i < len(params) {
				r.note(params[i])
			}
			// What is written to a strings.Builder can be read from it.
			if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && (sel.Sel.Name == "Write" || sel.Sel.Name == "WriteString") {
				r.hold(sel.X)
			}
		}
	}
	return true
}

// asks reports whether a node tells what is in the text, and where.
func (r *stackReader) asks(n ast.Node) (token.Pos, bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		path, name := imported(n.Fun, r.info)
		if path == "" || keepers[path+"."+name] || sinks[path+"."+name] {
			return 0, false
		}
		for _, arg := range n.Args {
			if r.isStack(arg) {
				return n.Pos(), true
			}
		}
	case *ast.IndexExpr:
		return n.Pos(), r.isStack(n.X) || r.isStack(n.Index)
	case *ast.RangeStmt:
		return n.Pos(), r.isStack(n.X)
	case *ast.SwitchStmt:
		if n.Tag != nil {
			return n.Pos(), r.isStack(n.Tag) || r.isLength(n.Tag)
		}
	case *ast.BinaryExpr:
		switch n.Op {
		case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			for _, pair := range [][2]ast.Expr{{n.X, n.Y}, {n.Y, n.X}} {
				if (r.isStack(pair[0]) || r.isLength(pair[0])) && !nothing(pair[1]) {
					return n.Pos(), true
				}
			}
		}
	}
	return 0, false
}

// nothing reports whether an expression is what an empty text is compared with.
func nothing(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		return x.Name == "nil"
	case *ast.BasicLit:
		return x.Value == "0" || x.Value == `""` || x.Value == "``"
	}
	return false
}

// isLength reports whether an expression is the length of the text.
func (r *stackReader) isLength(x ast.Expr) bool {
	call, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return false
	}
	id, ok := ast.Unparen(call.Fun).(*ast.Ident)
	return ok && id.Name == "len" && r.isStack(call.Args[0])
}

// isStack reports whether an expression is the text of a call stack, whole, in
// part or converted.
func (r *stackReader) isStack(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident, *ast.SelectorExpr:
		object := r.object(x)
		_, variable := object.(*types.Var)
		return variable && r.holders[object] && !r.gives(x)
	case *ast.SliceExpr:
		return r.isStack(x.X)
	case *ast.BinaryExpr:
		return x.Op == token.ADD && (r.isStack(x.X) || r.isStack(x.Y))
	case *ast.CallExpr:
		if r.gives(x.Fun) {
			return true
		}
		if path, name := imported(x.Fun, r.info); path != "" {
			return keepers[path+"."+name] && slices.ContainsFunc(x.Args, r.isStack)
		}
		// The text of an error that was made of it.
		if sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr); ok && sel.Sel.Name == "Error" && r.isError(sel.X) {
			return true
		}
		// What was collected in a variable, such as a strings.Builder.
		if sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr); ok && sel.Sel.Name == "String" && len(x.Args) == 0 {
			return r.isStack(sel.X)
		}
		switch id, _ := ast.Unparen(x.Fun).(*ast.Ident); {
		case r.object(x.Fun) != nil:
			return false // one of the package's own, which does not return it
		case id != nil && id.Name == "append":
			return slices.ContainsFunc(x.Args, r.isStack)
		case id != nil && (id.Name == "len" || id.Name == "cap" || id.Name == "copy"):
			return false
		}
		// A conversion.
		return len(x.Args) == 1 && r.isStack(x.Args[0])
	}
	return false
}

// isError reports whether an expression is an error whose text holds that of a call
// stack. The error may be compared; its text may not be looked into.
func (r *stackReader) isError(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident, *ast.SelectorExpr:
		return r.errors[r.object(x)]
	case *ast.CallExpr:
		path, name := imported(x.Fun, r.info)
		return (path == "errors" && name == "New" || path == "fmt" && name == "Errorf") && slices.ContainsFunc(x.Args, r.isStack)
	}
	return false
}

// noteError notes that a variable or field holds such an error.
func (r *stackReader) noteError(x ast.Expr) {
	if object := r.object(x); object != nil && !r.errors[object] {
		r.errors[object], r.more = true, true
	}
}

// gives reports whether an expression is a function that returns the text:
// debug.Stack, a variable that holds it, or one of the package's own.
func (r *stackReader) gives(x ast.Expr) bool {
	if path, name := imported(x, r.info); path == "runtime/debug" && name == "Stack" {
		return true
	}
	object := r.object(x)
	if object == nil || !r.holders[object] {
		return false
	}
	_, function := types.Unalias(object.Type()).(*types.Signature)
	return function
}

// object is what a name stands for: a variable, a field or a function, that of
// the generic type where there is one.
func (r *stackReader) object(x ast.Expr) types.Object {
	var id *ast.Ident
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		id = x
	case *ast.SelectorExpr:
		id = x.Sel
	case *ast.IndexExpr:
		return r.object(x.X)
	case *ast.IndexListExpr:
		return r.object(x.X)
	default:
		return nil
	}
	switch object := r.info.ObjectOf(id).(type) {
	case *types.Var:
		return object.Origin()
	case *types.Func:
		return object.Origin()
	}
	return nil
}

// field is a field of a struct of the package by its number.
func (r *stackReader) field(x ast.Expr, i int) types.Object {
	var id *ast.Ident
	switch x := x.(type) {
	case *ast.Ident:
		id = x
	case *ast.IndexExpr:
		id, _ = x.X.(*ast.Ident)
	}
	if id == nil || r.info.ObjectOf(id) == nil {
		return nil
	}
	t, ok := r.info.ObjectOf(id).Type().Underlying().(*types.Struct)
	if !ok || i >= t.NumFields() {
		return nil
	}
	return t.Field(i).Origin()
}

// hold notes that a variable, a field or a function has the text.
func (r *stackReader) hold(x ast.Expr) {
	if object := r.object(x); object != nil {
		r.note(object)
	}
}

func (r *stackReader) note(object types.Object) {
	if object != nil && !r.holders[object] {
		r.holders[object] = true
		r.more = true
	}
}
