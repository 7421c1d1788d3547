package mangle

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"math/rand/v2"
)

// words are what new names are made of; none of them says anything about
// concurrency.
var words = []string{
	"amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "heron", "iris", "juno", "koala", "linen",
	"maple", "nectar", "olive", "pearl", "quartz", "raven", "sable", "tulip", "umber", "velvet", "willow", "yarrow", "zinc",
}

// rename gives every unexported name that the package declares, in any scope,
// another one. The mapping goes by name and is one to one, and no new name
// occurs in the package before. So two things with one name keep having one,
// whether they satisfy an interface together or one hides the other, and two
// names never become one.
func rename(p *pkg, r *rand.Rand) map[string][]byte {
	taken := make(map[string]bool)
	for _, file := range p.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				taken[id.Name] = true
			}
			return true
		})
	}
	fresh := make(map[string]string)
	newName := func(old string) string {
		if name, ok := fresh[old]; ok {
			return name
		}
		for {
			name := fmt.Sprintf("%s%d", words[r.IntN(len(words))], r.IntN(90)+10)
			if !taken[name] {
				taken[name] = true
				fresh[old] = name
				return name
			}
		}
	}
	out := make(map[string][]byte)
	for i, file := range p.files {
		symbolic := symbolicVariables(file)
		var edits []edit
		ast.Inspect(file, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok || id == file.Name || !(symbolic[id] || p.renamable(id)) {
				return true
			}
			edits = append(edits, edit{p.offset(id.Pos()), p.offset(id.End()), newName(id.Name)})
			return true
		})
		out[p.names[i]] = apply(p.texts[p.names[i]], edits)
	}
	return out
}

// renamable says whether an identifier names something unexported that the
// package itself declares.
func (p *pkg) renamable(id *ast.Ident) bool {
	if id.Name == "_" || token.IsExported(id.Name) {
		return false
	}
	obj := p.info.Defs[id]
	if obj == nil {
		obj = p.info.Uses[id]
	}
	switch obj := obj.(type) {
	case nil, *types.PkgName:
		return false
	case *types.Func:
		if obj.Name() == "init" && obj.Signature().Recv() == nil {
			return false
		}
	}
	return obj.Pkg() == p.types
}

// symbolicVariables are the x of "switch x := y.(type)", which stand for one
// variable in each clause and have no object of their own.
func symbolicVariables(file *ast.File) map[*ast.Ident]bool {
	found := make(map[*ast.Ident]bool)
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.TypeSwitchStmt); ok {
			if a, ok := s.Assign.(*ast.AssignStmt); ok {
				if id, ok := a.Lhs[0].(*ast.Ident); ok && id.Name != "_" && !token.IsExported(id.Name) {
					found[id] = true
				}
			}
		}
		return true
	})
	return found
}
