package stacks

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"slices"
	"strings"

	"racebench/internal/result"
	"racebench/internal/runner/place"
)

// sources answers what the judged code does at a line: a dump says where a
// goroutine is, but not which lock it waits for, nor which ones it holds.
type sources struct {
	text  map[string][]byte
	files map[string]*ast.File
	fset  *token.FileSet
	// functions are those around the frames that were asked about, nil where there
	// is none: hundreds of goroutines may be in the same place.
	functions map[place.Frame]*function
}

func newSources(text map[string][]byte) *sources {
	return &sources{text: text, files: make(map[string]*ast.File), fset: token.NewFileSet(), functions: make(map[place.Frame]*function)}
}

// file parses a file once; nil if there is none or it cannot be parsed.
func (s *sources) file(name string) *ast.File {
	f, known := s.files[name]
	if !known {
		if text, ok := s.text[name]; ok {
			// A file with errors is left out: the candidate was compiled, so
			// there are none.
			f, _ = parser.ParseFile(s.fset, name, text, parser.SkipObjectResolution)
		}
		s.files[name] = f
	}
	return f
}

// operation is one use of a lock, a condition, a wait group or a channel in the
// code.
type operation struct {
	// verb is Lock, RLock, Unlock, RUnlock, Wait, Signal, Broadcast, Done, send,
	// receive or close.
	verb string
	// text is the operand as written, object the same with a receiver's name
	// replaced by its type, so that it means the same in other methods.
	text, object string
	line         int
	deferred     bool
	// branches are the blocks around it, but for the body, that end by leaving:
	// who is past them did not come through them.
	branches []span
}

// span is a range of lines, both ends included.
type span struct{ from, to int }

// passed reports whether the operation lies on the way to a line further down.
func (o operation) passed(line int) bool {
	return o.line < line && !slices.ContainsFunc(o.branches, func(s span) bool { return s.to < line })
}

// verbs are the methods that matter, whatever the type they belong to.
var verbs = map[string]bool{
	"Lock": true, "RLock": true, "Unlock": true, "RUnlock": true, "TryLock": true, "TryRLock": true,
	"Wait": true, "Signal": true, "Broadcast": true, "Done": true,
}

// function is the innermost function around a line, with its operations in the
// order of the source.
type function struct {
	file       string
	operations []operation
}

// around returns the function that a frame of judged code is in, nil where it is not
// known.
func (s *sources) around(f place.Frame) *function {
	fn, known := s.functions[f]
	if !known {
		fn = s.find(f)
		s.functions[f] = fn
	}
	return fn
}

func (s *sources) find(f place.Frame) *function {
	if !f.Judged() {
		return nil
	}
	pos := f.Position()
	file := s.file(pos.File)
	if file == nil {
		return nil
	}
	var body *ast.BlockStmt
	receiver, typ := "", ""
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil || !s.covers(fn, pos.Line) {
			continue
		}
		body = fn.Body
		receiver, typ = receiverOf(fn)
		// A function literal runs on its own.
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if lit, ok := n.(*ast.FuncLit); ok && s.covers(lit, pos.Line) {
				body = lit.Body
			}
			return true
		})
	}
	if body == nil {
		return nil
	}
	return &function{file: pos.File, operations: s.operations(body, receiver, typ)}
}

// all lists the operations of a file, those of function literals included.
func (s *sources) all(name string) []operation {
	file := s.file(name)
	if file == nil {
		return nil
	}
	var list []operation
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		receiver, typ := receiverOf(fn)
		list = append(list, s.operations(fn.Body, receiver, typ)...)
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if lit, ok := n.(*ast.FuncLit); ok {
				list = append(list, s.operations(lit.Body, receiver, typ)...)
			}
			return true
		})
	}
	return list
}

func (s *sources) covers(n ast.Node, line int) bool {
	return s.fset.Position(n.Pos()).Line <= line && line <= s.fset.Position(n.End()).Line
}

// receiverOf returns a method's receiver and the name of its type.
func receiverOf(fn *ast.FuncDecl) (name, typ string) {
	if fn.Recv == nil || len(fn.Recv.List) != 1 {
		return "", ""
	}
	field := fn.Recv.List[0]
	if len(field.Names) == 1 {
		name = field.Names[0].Name
	}
	for e := field.Type; ; {
		switch t := e.(type) {
		case *ast.StarExpr:
			e = t.X
		case *ast.IndexExpr:
			e = t.X
		case *ast.IndexListExpr:
			e = t.X
		case *ast.Ident:
			return name, t.Name
		default:
			return name, ""
		}
	}
}

// operations lists what happens in a body, other functions inside left out.
func (s *sources) operations(body *ast.BlockStmt, receiver, typ string) []operation {
	var list []operation
	var around []ast.Node // from the body to where we are
	add := func(verb string, operand ast.Expr, at token.Pos, deferred bool) {
		text := s.print(operand)
		object := text
		if rest, ok := strings.CutPrefix(text, receiver+"."); ok && receiver != "" {
			object = typ + "." + rest
		}
		list = append(list, operation{verb, text, object, s.fset.Position(at).Line, deferred, s.branches(around)})
	}
	deferred := make(map[ast.Node]bool)
	ast.Inspect(body, func(n ast.Node) bool {
		if n == nil {
			around = around[:len(around)-1]
			return true
		}
		if _, ok := n.(*ast.FuncLit); !ok { // into which nobody goes
			around = append(around, n)
		}
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.DeferStmt:
			deferred[n.Call] = true
		case *ast.SendStmt:
			add("send", n.Chan, n.Arrow, false)
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				add("receive", n.X, n.OpPos, false)
			}
		case *ast.CallExpr:
			switch fun := n.Fun.(type) {
			case *ast.SelectorExpr:
				if verbs[fun.Sel.Name] {
					add(fun.Sel.Name, fun.X, fun.Sel.Pos(), deferred[n])
				}
			case *ast.Ident:
				if fun.Name == "close" && len(n.Args) == 1 {
					add("close", n.Args[0], n.Pos(), deferred[n])
				}
			}
		}
		return true
	})
	return list
}

// branches are the blocks among nodes, the first one left out, whose last statement
// leaves them for good.
func (s *sources) branches(nodes []ast.Node) []span {
	var list []span
	for _, n := range nodes[1:] {
		var statements []ast.Stmt
		switch n := n.(type) {
		case *ast.BlockStmt:
			statements = n.List
		case *ast.CaseClause:
			statements = n.Body
		case *ast.CommClause:
			statements = n.Body
		}
		if len(statements) == 0 || !leaves(statements[len(statements)-1]) {
			continue
		}
		list = append(list, span{s.fset.Position(n.Pos()).Line, s.fset.Position(n.End()).Line})
	}
	return list
}

// leaves reports whether what follows a statement is reached in another way.
func leaves(statement ast.Stmt) bool {
	switch n := statement.(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return n.Tok == token.CONTINUE // a break leads to what is further down
	case *ast.ExprStmt:
		call, ok := n.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		name, ok := call.Fun.(*ast.Ident)
		return ok && name.Name == "panic"
	}
	return false
}

func (s *sources) print(e ast.Expr) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, s.fset, e); err != nil {
		return "?"
	}
	return b.String()
}

// at returns the first operation of one of the verbs on the frame's line.
func (s *sources) at(f place.Frame, verbs ...string) (operation, bool) {
	fn := s.around(f)
	if fn == nil {
		return operation{}, false
	}
	for _, verb := range verbs {
		for _, op := range fn.operations {
			if op.line == f.Line && op.verb == verb {
				return op, true
			}
		}
	}
	return operation{}, false
}

// held is a lock that a goroutine probably holds.
type held struct {
	operation
	at result.Position
}

// holds lists the locks that were taken on the way to where the goroutine is,
// as the source reads from top to bottom, and not released before: likely, not
// certain, since of the branches only those are left out that lead elsewhere, and
// loops are not followed.
func (s *sources) holds(g Goroutine) []held {
	var list []held
	for _, f := range g.Frames {
		fn := s.around(f)
		if fn == nil {
			continue
		}
		var open []operation
		for _, op := range fn.operations {
			if !op.passed(f.Line) {
				continue
			}
			switch op.verb {
			case "Lock", "RLock", "TryLock", "TryRLock":
				open = append(open, op)
			case "Unlock", "RUnlock":
				if op.deferred {
					continue
				}
				for i := len(open) - 1; i >= 0; i-- {
					if open[i].object == op.object {
						open = append(open[:i], open[i+1:]...)
						break
					}
				}
			}
		}
		for _, op := range open {
			at := f.Position()
			at.Line = op.line
			list = append(list, held{op, at})
		}
	}
	return list
}
