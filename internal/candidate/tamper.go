package candidate

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

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
func (c *Candidate) checkTampering(fset *token.FileSet, sources []*source, info *types.Info) {
	for _, s := range sources {
		changes := func(x ast.Expr) {
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

// searches are the functions of package strings that tell what is in a text.
var searches = set(`Contains ContainsAny ContainsFunc ContainsRune Count Cut CutPrefix CutSuffix EqualFold HasPrefix HasSuffix
	Index IndexAny IndexByte IndexFunc IndexRune LastIndex LastIndexAny LastIndexByte LastIndexFunc`)

// checkStackReading finds what looks for something in the text of a call stack.
// debug.Stack is allowed for PanicError, which keeps the text and asks nothing of
// it.
func (c *Candidate) checkStackReading(fset *token.FileSet, sources []*source, info *types.Info) {
	r := stackReader{info: info, holders: make(map[types.Object]bool)}
	for more := true; more; {
		more = false
		for _, s := range sources {
			ast.Inspect(s.file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					for i, x := range n.Rhs {
						if len(n.Lhs) == len(n.Rhs) && r.isStack(x) && r.hold(n.Lhs[i]) {
							more = true
						}
					}
				case *ast.ValueSpec:
					for i, x := range n.Values {
						if len(n.Names) == len(n.Values) && r.isStack(x) && r.hold(n.Names[i]) {
							more = true
						}
					}
				}
				return true
			})
		}
	}
	for _, s := range sources {
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if path, name := imported(call.Fun, info); path != "strings" || !searches[name] {
				return true
			}
			for _, arg := range call.Args {
				if r.isStack(arg) {
					c.add(result.Hostile, s.component, position(fset, s, call.Pos()), "stack",
						"looks for something in the call stack, to behave only while it is judged")
					break
				}
			}
			return true
		})
	}
}

// stackReader follows the text of a call stack through variables.
type stackReader struct {
	info    *types.Info
	holders map[types.Object]bool // the variables that it was put into
}

// isStack reports whether an expression is the text of a call stack, whole, in
// part or converted.
func (r stackReader) isStack(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		return r.holders[r.info.ObjectOf(x)]
	case *ast.SliceExpr:
		return r.isStack(x.X)
	case *ast.CallExpr:
		if path, name := imported(x.Fun, r.info); path == "runtime/debug" && name == "Stack" {
			return true
		}
		// A conversion, or a function that may pass it on.
		return len(x.Args) == 1 && r.isStack(x.Args[0])
	}
	return false
}

// hold notes that a variable holds it, and reports whether that is news.
func (r stackReader) hold(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	if !ok {
		return false
	}
	object := r.info.ObjectOf(id)
	if object == nil || r.holders[object] {
		return false
	}
	r.holders[object] = true
	return true
}
