package mangle

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"math/rand/v2"
	"regexp"
	"strings"
)

// extract moves statements of methods into new unexported methods of the same
// type: runs of statements that neither leave the block they are in nor declare
// what follows them, and whole bodies. It takes about every second one that it
// can.
func extract(p *pkg, r *rand.Rand) map[string][]byte {
	out := make(map[string][]byte)
	n := 0
	for i, file := range p.files {
		name := p.names[i]
		var edits []edit
		var added strings.Builder
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Body == nil || len(fn.Recv.List) != 1 || len(fn.Recv.List[0].Names) != 1 {
				continue
			}
			if r.IntN(2) == 0 {
				continue
			}
			m := &method{p: p, file: file, name: name, decl: fn}
			helper := m.freshName(&n)
			if m.simpleRun(r, helper) || m.wholeBody(helper) {
				edits = append(edits, m.edit)
				added.WriteString(m.added)
			}
		}
		text := apply(p.texts[name], edits)
		if added.Len() > 0 && len(text) > 0 && text[len(text)-1] != '\n' {
			text = append(text, '\n')
		}
		out[name] = append(text, added.String()...)
	}
	return out
}

// method is one from which something is extracted: the edit replaces it, and
// added is the new method.
type method struct {
	p     *pkg
	file  *ast.File
	name  string
	decl  *ast.FuncDecl
	edit  edit
	added string
}

// freshName counts until no identifier of the package has the name.
func (m *method) freshName(n *int) string {
	for {
		*n++
		name := fmt.Sprintf("part%d", *n)
		used := false
		for _, text := range m.p.texts {
			used = used || strings.Contains(string(text), name)
		}
		if !used {
			return name
		}
	}
}

func (m *method) receiver() (decl, variable string) {
	field := m.decl.Recv.List[0]
	return "(" + m.p.text(m.name, field) + ")", field.Names[0].Name
}

// wholeBody makes the method a call of a helper with the same signature. That
// is the same unless the body looks at its own frame: recover works only in the
// function that was deferred.
func (m *method) wholeBody(helper string) bool {
	recv, variable := m.receiver()
	if variable == "_" || m.value() || looksAtFrame(m.decl.Body, false) {
		return false
	}
	var args []string
	for _, f := range m.decl.Type.Params.List {
		for _, id := range f.Names {
			if id.Name == "_" || id.Name == variable {
				return false
			}
			arg := id.Name
			if _, ok := f.Type.(*ast.Ellipsis); ok {
				arg += "..."
			}
			args = append(args, arg)
		}
		if len(f.Names) == 0 {
			return false
		}
	}
	call := fmt.Sprintf("%s.%s(%s)", variable, helper, strings.Join(args, ", "))
	if m.decl.Type.Results != nil && len(m.decl.Type.Results.List) > 0 {
		call = "return " + call
	}
	from, to := m.p.offset(m.decl.Body.Lbrace), m.p.offset(m.decl.Body.Rbrace)+1
	signature := strings.TrimSpace(string(m.p.texts[m.name][m.p.offset(m.decl.Name.End()):from]))
	m.edit = edit{from, to, "{\n\t" + call + "\n}"}
	m.added = fmt.Sprintf("\nfunc %s %s%s %s\n", recv, helper, signature, m.p.texts[m.name][from:to])
	return true
}

// value says whether the receiver is a value: a copy for the method is one
// thing, another for its helper may be another.
func (m *method) value() bool {
	recv := m.p.info.Defs[m.decl.Recv.List[0].Names[0]]
	_, pointer := recv.Type().(*types.Pointer)
	return !pointer
}

// looksAtFrame finds what depends on the function that it stands in: recover,
// and a picture of the stack. With branches it also finds what leaves a run of
// statements.
func looksAtFrame(n ast.Node, branches bool) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "recover" {
				found = true
			}
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Stack" {
				found = true
			}
		case *ast.ReturnStmt, *ast.BranchStmt, *ast.LabeledStmt, *ast.DeferStmt:
			found = found || branches
		}
		return true
	})
	return found
}

// run is a sequence of statements of one list.
type run struct{ stmts []ast.Stmt }

// simpleRun extracts one run of the method. The variables that it reads become
// parameters; they must be the receiver, or be assigned once in the whole
// method before any closure can see them change, and be of a type that can be
// copied and written down.
func (m *method) simpleRun(r *rand.Rand, helper string) bool {
	recv, variable := m.receiver()
	if variable == "_" || m.value() || len(m.assignments()[m.p.info.Defs[m.decl.Recv.List[0].Names[0]]]) > 0 {
		return false
	}
	var candidates []run
	ast.Inspect(m.decl.Body, func(n ast.Node) bool {
		var list []ast.Stmt
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BlockStmt:
			list = n.List
		case *ast.CaseClause:
			list = n.Body
		case *ast.CommClause:
			list = n.Body
		}
		for i := range list {
			for j := i + 1; j <= len(list); j++ {
				if _, ok := list[j-1].(*ast.CaseClause); ok {
					break
				}
				if _, ok := list[j-1].(*ast.CommClause); ok {
					break
				}
				if looksAtFrame(list[j-1], true) {
					break
				}
				candidates = append(candidates, run{list[i:j]})
			}
		}
		return true
	})
	r.Shuffle(len(candidates), func(i, j int) { candidates[i], candidates[j] = candidates[j], candidates[i] })
	for _, c := range candidates {
		if !balanced(c) {
			continue
		}
		params, ok := m.parameters(c)
		if !ok {
			continue
		}
		var names, declared []string
		for _, v := range params {
			names = append(names, v.name)
			declared = append(declared, v.name+" "+v.typ)
		}
		from, to := m.p.offset(c.stmts[0].Pos()), m.p.offset(c.stmts[len(c.stmts)-1].End())
		m.edit = edit{from, to, fmt.Sprintf("%s.%s(%s)", variable, helper, strings.Join(names, ", "))}
		m.added = fmt.Sprintf("\nfunc %s %s(%s) {\n\t%s\n}\n", recv, helper, strings.Join(declared, ", "), m.p.texts[m.name][from:to])
		return true
	}
	return false
}

// balanced says whether a run gives back every lock that it takes, and takes
// none that it gives back. Nobody in his senses extracts one half.
func balanced(c run) bool {
	held := make(map[string]int)
	for _, s := range c.stmts {
		ast.Inspect(s, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
					switch sel.Sel.Name {
					case "Lock", "TryLock":
						held["w"]++
					case "Unlock":
						held["w"]--
					case "RLock", "TryRLock":
						held["r"]++
					case "RUnlock":
						held["r"]--
					}
				}
			}
			return true
		})
		if held["w"] < 0 || held["r"] < 0 {
			return false
		}
	}
	return held["w"] == 0 && held["r"] == 0
}

// parameter is a variable that a helper is given.
type parameter struct{ name, typ string }

// parameters decides whether a run can become a helper, and what it needs.
func (m *method) parameters(c run) ([]parameter, bool) {
	first, last := c.stmts[0].Pos(), c.stmts[len(c.stmts)-1].End()
	inside := func(pos token.Pos) bool { return first <= pos && pos < last }
	receiver := m.p.info.Defs[m.decl.Recv.List[0].Names[0]]
	assigned := m.assignments()
	seen := make(map[types.Object]bool)
	var params []parameter
	ok := true
	ast.Inspect(m.decl, func(n ast.Node) bool {
		id, isIdent := n.(*ast.Ident)
		if !isIdent || !ok {
			return ok
		}
		obj := m.p.info.Uses[id]
		if obj == nil || obj.Pkg() != m.p.types || obj.Parent() == nil || obj.Parent() == m.p.types.Scope() {
			return true
		}
		switch {
		case obj.Pos() < m.decl.Pos() || obj.Pos() >= m.decl.End():
			return true
		case inside(obj.Pos()) && !inside(id.Pos()):
			ok = false // declared in the run, used behind it
		case !inside(obj.Pos()) && inside(id.Pos()):
			if obj == receiver || seen[obj] {
				return true
			}
			v, isVar := obj.(*types.Var)
			if !isVar {
				// A local type or constant cannot be passed; the type
				// parameters of the receiver are the helper's, too.
				if t, isType := obj.(*types.TypeName); !isType || !isTypeParam(t.Type()) {
					ok = false
				}
				return true
			}
			typ, writable := m.typeText(v.Type())
			if !writable || !onlyDeclared(obj, assigned[obj]) {
				ok = false
				return true
			}
			seen[obj] = true
			params = append(params, parameter{id.Name, typ})
		}
		return true
	})
	return params, ok
}

func isTypeParam(t types.Type) bool {
	_, ok := t.(*types.TypeParam)
	return ok
}

// onlyDeclared says whether a variable keeps the value that its declaration
// gives it.
func onlyDeclared(obj types.Object, assigned []token.Pos) bool {
	return len(assigned) == 0 || len(assigned) == 1 && assigned[0] == obj.Pos()
}

// assignments lists, for every variable of the method, the places that give it
// a value or its address away: its declaration is one of them, unless it is a
// parameter.
func (m *method) assignments() map[types.Object][]token.Pos {
	found := make(map[types.Object][]token.Pos)
	mark := func(x ast.Expr) {
		// x.f = y changes x if x is a struct, x[i] = y if it is an array.
		for {
			switch t := x.(type) {
			case *ast.SelectorExpr:
				if s := m.p.info.Selections[t]; s == nil || s.Indirect() {
					return
				}
				x = t.X
				continue
			case *ast.IndexExpr:
				if _, ok := m.p.info.TypeOf(t.X).Underlying().(*types.Array); !ok {
					return
				}
				x = t.X
				continue
			case *ast.ParenExpr:
				x = t.X
				continue
			case *ast.Ident:
				obj := m.p.info.Defs[t]
				if obj == nil {
					obj = m.p.info.Uses[t]
				}
				if obj != nil {
					found[obj] = append(found[obj], t.Pos())
				}
			}
			return
		}
	}
	ast.Inspect(m.decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, x := range n.Lhs {
				mark(x)
			}
		case *ast.IncDecStmt:
			mark(n.X)
		case *ast.RangeStmt:
			// Each round is a variable of its own, and one assignment.
			for _, x := range []ast.Expr{n.Key, n.Value} {
				if x != nil {
					mark(x)
				}
			}
		case *ast.ValueSpec:
			for _, x := range n.Names {
				mark(x)
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				mark(n.X)
				mark(n.X) // whoever has the address may assign
			}
		case *ast.SelectorExpr:
			// A method with a pointer receiver takes the address.
			if s := m.p.info.Selections[n]; s != nil && s.Kind() == types.MethodVal && !s.Indirect() {
				if f, ok := s.Obj().(*types.Func); ok {
					if _, ptr := f.Signature().Recv().Type().(*types.Pointer); ptr {
						if _, already := m.p.info.TypeOf(n.X).(*types.Pointer); !already {
							mark(n.X)
							mark(n.X)
						}
					}
				}
			}
		case *ast.FuncType:
			if n == m.decl.Type && n.Results != nil {
				for _, f := range n.Results.List {
					for _, id := range f.Names {
						mark(id)
						mark(id)
					}
				}
			}
		}
		return true
	})
	return found
}

// typeText writes a type down as the file can say it. Types that hold memory of
// their own, structs and arrays, are not passed: they may hold a lock.
func (m *method) typeText(t types.Type) (string, bool) {
	switch t.Underlying().(type) {
	case *types.Struct, *types.Array:
		if _, ok := t.(*types.TypeParam); !ok {
			return "", false
		}
	}
	ok := true
	text := types.TypeString(t, func(p *types.Package) string {
		if p == m.p.types {
			return ""
		}
		for _, spec := range m.file.Imports {
			if strings.Trim(spec.Path.Value, "`\"") == p.Path() && spec.Name == nil {
				return p.Name()
			}
		}
		ok = false
		return p.Name()
	})
	// Literal types are long, and a blank type parameter cannot be named.
	if strings.Contains(strings.ReplaceAll(text, "struct{}", ""), "{") || blank.MatchString(text) {
		ok = false
	}
	// A local type is not in the helper's scope.
	walk(t, func(named *types.Named) {
		if obj := named.Obj(); obj.Pkg() == m.p.types && obj.Parent() != m.p.types.Scope() {
			ok = false
		}
	})
	return text, ok
}

var blank = regexp.MustCompile(`\b_\b`)

// walk visits the named types inside of a type that has no literal parts.
func walk(t types.Type, visit func(*types.Named)) {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		visit(t)
		for arg := range t.TypeArgs().Types() {
			walk(arg, visit)
		}
	case *types.Pointer:
		walk(t.Elem(), visit)
	case *types.Slice:
		walk(t.Elem(), visit)
	case *types.Array:
		walk(t.Elem(), visit)
	case *types.Chan:
		walk(t.Elem(), visit)
	case *types.Map:
		walk(t.Key(), visit)
		walk(t.Elem(), visit)
	case *types.Signature:
		for v := range t.Params().Variables() {
			walk(v.Type(), visit)
		}
		for v := range t.Results().Variables() {
			walk(v.Type(), visit)
		}
	}
}
