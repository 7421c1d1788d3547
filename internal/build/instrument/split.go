package instrument

import (
	"fmt"
	"go/ast"
	"go/token"
)

// split rewrites a read-modify-write of a field, an element or a package-level
// variable into a read, a point and a write:
//
//	c.n++                       { old := c.n; point; c.n = old + 1 }
//	c.sum += d                  { old := c.sum; point; c.sum = old + (d) }
//	c.n = c.n + 1               { old := c.n; point; c.n = old + 1 }
//	p.all = append(p.all, r)    { old := p.all; point; p.all = append(old, r) }
//
// Go gives such a statement no atomicity, so a program without data races
// cannot tell the difference. It is done only where every operand is a plain
// load: then no order of evaluation can be seen, and evaluating the operand on
// the left twice gives the same variable twice.
func (e *editor) split(s ast.Stmt) {
	if e.line(s.Pos()) != e.line(s.End()) {
		return
	}
	switch s := s.(type) {
	case *ast.IncDecStmt:
		if !e.shared(s.X) {
			return
		}
		op := "+"
		if s.Tok == token.DEC {
			op = "-"
		}
		target := e.source(s.X)
		e.replace(s.Pos(), s.End(), fmt.Sprintf("{ %s := %s; %s; %s = %s %s 1 }", e.tmp, target, e.point(), target, e.tmp, op))
	case *ast.AssignStmt:
		if len(s.Lhs) != 1 || len(s.Rhs) != 1 || !e.shared(s.Lhs[0]) || !e.plain(s.Rhs[0]) {
			return
		}
		target := e.source(s.Lhs[0])
		switch s.Tok {
		case token.DEFINE:
		case token.ASSIGN:
			read := e.leftmost(s.Rhs[0], target)
			if read == nil {
				return
			}
			from, to := e.offset(s.Rhs[0].Pos()), e.offset(s.Rhs[0].End())
			value := string(e.text[from:e.offset(read.Pos())]) + e.tmp + string(e.text[e.offset(read.End()):to])
			e.replace(s.Pos(), s.End(), fmt.Sprintf("{ %s := %s; %s; %s = %s }", e.tmp, target, e.point(), target, value))
		default:
			op := s.Tok.String()
			op = op[:len(op)-1]
			e.replace(s.Pos(), s.End(), fmt.Sprintf("{ %s := %s; %s; %s = %s %s (%s) }", e.tmp, target, e.point(), target, e.tmp, op, e.source(s.Rhs[0])))
		}
	}
}

// shared says whether x is an operand that more than one goroutine may know,
// made of plain loads: a selector, an element or an indirection. A bare name is
// mostly a local variable, and is left alone.
func (e *editor) shared(x ast.Expr) bool {
	switch x.(type) {
	case *ast.SelectorExpr, *ast.IndexExpr, *ast.StarExpr:
		return e.plain(x)
	}
	return false
}

// plain says whether x is made of loads and operators alone, so that
// evaluating it has no effects but a possible panic.
func (e *editor) plain(x ast.Expr) bool {
	all := func(list ...ast.Expr) bool {
		for _, x := range list {
			if x != nil && !e.plain(x) {
				return false
			}
		}
		return true
	}
	switch x := x.(type) {
	case *ast.Ident:
		return true
	case *ast.BasicLit:
		// A raw string could hold line breaks, but a split statement has one
		// line.
		return true
	case *ast.SelectorExpr:
		return e.plain(x.X)
	case *ast.ParenExpr:
		return e.plain(x.X)
	case *ast.StarExpr:
		return e.plain(x.X)
	case *ast.IndexExpr:
		return all(x.X, x.Index)
	case *ast.SliceExpr:
		return all(x.X, x.Low, x.High, x.Max)
	case *ast.UnaryExpr:
		return x.Op != token.ARROW && x.Op != token.AND && e.plain(x.X)
	case *ast.BinaryExpr:
		return all(x.X, x.Y)
	case *ast.CompositeLit:
		for _, elt := range x.Elts {
			if kv, ok := elt.(*ast.KeyValueExpr); ok {
				if !all(kv.Key, kv.Value) {
					return false
				}
			} else if !e.plain(elt) {
				return false
			}
		}
		return true
	case *ast.CallExpr:
		id, ok := x.Fun.(*ast.Ident)
		return ok && pure[id.Name] && !e.declared[id.Name] && all(x.Args...)
	}
	return false
}

// pure are the predeclared functions and conversions without effects. append
// is one of them here: it writes only behind the slice that it is given.
var pure = map[string]bool{
	"append": true, "len": true, "cap": true, "min": true, "max": true,
	"int": true, "int8": true, "int16": true, "int32": true, "int64": true,
	"uint": true, "uint8": true, "uint16": true, "uint32": true, "uint64": true, "uintptr": true,
	"float32": true, "float64": true, "byte": true, "rune": true, "string": true,
}

// leftmost finds the operand that is evaluated first in x, if it reads as
// target does.
func (e *editor) leftmost(x ast.Expr, target string) ast.Expr {
	if e.source(x) == target {
		return x
	}
	switch x := x.(type) {
	case *ast.BinaryExpr:
		return e.leftmost(x.X, target)
	case *ast.SliceExpr:
		return e.leftmost(x.X, target)
	case *ast.CallExpr:
		// append(target, …): the type arguments of the others do not matter.
		if id, ok := x.Fun.(*ast.Ident); ok && id.Name == "append" && len(x.Args) > 0 {
			return e.leftmost(x.Args[0], target)
		}
	}
	return nil
}
