package candidate

import (
	"fmt"
	"go/ast"
	"go/token"
	"math"

	"racebench/internal/result"
)

const (
	// maxType bounds the size of a type once the names of its aliases are
	// resolved, in parts. Forty aliases, each a pair of the one before, are a
	// type of 2^40 parts, and type checkers write types out to compare them.
	maxType = 1 << 16
	// maxArguments bounds the type arguments that generic code may give to generic
	// code. Each order of them is a type or a function of its own, and the compiler
	// compiles all that it can reach: those of nine types are 362880.
	maxArguments = 4
	// maxDoublings bounds how often a type can be made twice as large by what
	// is inferred: x := twice(x), with func twice[T any](T) pair[T, T].
	maxDoublings = 18
)

// checkGrowth reports sources of one package whose types, or what is inferred
// from them, grow out of proportion to the sources. It looks at names alone,
// without scopes or types: where a name is declared twice, the larger counts.
func (c *Candidate) checkGrowth(fset *token.FileSet, sources []*source) (bomb bool) {
	g := growth{aliases: make(map[string][]ast.Expr), known: make(map[string]int)}
	for _, s := range sources {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Assign.IsValid() {
				g.aliases[spec.Name.Name] = append(g.aliases[spec.Name.Name], spec.Type)
			}
			return true
		})
	}
	generics := make(map[string]bool) // functions with too many type parameters
	for _, s := range sources {
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && len(params(f.Type.TypeParams)) > maxArguments {
				generics[f.Name.Name] = true
			}
		}
	}
	report := func(s *source, at token.Pos) {
		if !bomb {
			c.add(result.Hostile, s.component, position(fset, s, at), "growth",
				fmt.Sprintf("a type of more than %d parts, which exhausts compilers and checkers", maxType))
		}
		bomb = true
	}
	doubling := make(map[string]float64) // functions and methods, by name: log2 of how much larger a result is
	calls := make(map[string]int)
	larger := make(map[string][]string) // generic types, and what they hold with larger arguments than their own
	holds := make(map[string][]string)  // generic types, and what they hold with any
	doublings := 0.0
	for _, s := range sources {
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if n.Assign.IsValid() && g.size(n.Type) > maxType {
					report(s, n.Pos())
				}
				of := params(n.TypeParams)
				ast.Inspect(n.Type, func(in ast.Node) bool {
					if generic, args := instance(in); args != nil {
						holds[n.Name.Name] = append(holds[n.Name.Name], generic.Name)
						if by := g.within(args, of); by > 1 {
							doublings += math.Log2(float64(by))
							larger[n.Name.Name] = append(larger[n.Name.Name], generic.Name)
						}
					}
					return true
				})
			case *ast.FuncDecl:
				of := params(n.Type.TypeParams)
				if n.Recv != nil {
					for _, field := range n.Recv.List {
						x := field.Type
						if star, ok := x.(*ast.StarExpr); ok {
							x = star.X
						}
						_, args := instance(x)
						for _, arg := range args {
							if id, ok := arg.(*ast.Ident); ok {
								of[id.Name] = true
							}
						}
					}
				}
				if n.Body != nil && len(of) > maxArguments {
					ast.Inspect(n.Body, func(in ast.Node) bool {
						if at := g.reorders(in, of, generics); at.IsValid() && !bomb {
							c.add(result.Hostile, s.component, position(fset, s, at), "growth",
								fmt.Sprintf("generic code with more than %d type parameters uses generic code with as many, each order of which exhausts the compiler", maxArguments))
							bomb = true
						}
						return true
					})
				}
				if n.Body != nil {
					ast.Inspect(n.Body, func(in ast.Node) bool {
						if _, args := instance(in); args != nil {
							doublings += math.Log2(float64(max(1, g.within(args, of))))
						}
						return true
					})
				}
				if n.Type.Results == nil {
					break
				}
				for _, field := range n.Type.Results.List {
					if by := g.most(field.Type, of); by > 1 {
						doubling[n.Name.Name] = max(doubling[n.Name.Name], math.Log2(float64(by)))
					}
				}
			case *ast.IndexExpr, *ast.IndexListExpr:
				if g.size(n) > maxType {
					report(s, n.Pos())
				}
			case *ast.CallExpr:
				called := n.Fun
				if generic, args := instance(called); args != nil {
					called = generic
				}
				switch called := ast.Unparen(called).(type) {
				case *ast.Ident:
					calls[called.Name]++
				case *ast.SelectorExpr:
					calls[called.Sel.Name]++
				}
			}
			return true
		})
	}
	for name, by := range doubling {
		doublings += by * float64(calls[name])
	}
	for from, to := range larger {
		for _, to := range to {
			if reaches(holds, to, from, make(map[string]bool)) {
				report(sources[0], sources[0].file.Name.Pos())
			}
		}
	}
	if doublings > maxDoublings {
		report(sources[0], sources[0].file.Name.Pos())
	}
	return bomb
}

// reorders returns where generic code with the given type parameters uses a
// generic type or function that has as many: with arguments, which may stand in
// any order, or with inferred ones.
func (g *growth) reorders(n ast.Node, of map[string]bool, generics map[string]bool) token.Pos {
	if _, args := instance(n); len(args) > maxArguments && g.within(args, of) > 0 {
		return n.Pos()
	}
	if call, ok := n.(*ast.CallExpr); ok {
		if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && generics[id.Name] {
			return n.Pos()
		}
	}
	return token.NoPos
}

// growth measures types by the names in them.
type growth struct {
	aliases map[string][]ast.Expr
	known   map[string]int
}

// size is an upper bound of the number of parts of a type, cut off a little
// above maxType.
func (g *growth) size(x ast.Node) int {
	return g.count(x, func(*ast.Ident) int { return 1 })
}

// most is how often one of the type parameters occurs in a type at most.
func (g *growth) most(x ast.Node, of map[string]bool) int {
	most := 0
	for name := range of {
		most = max(most, g.count(x, func(id *ast.Ident) int {
			if id.Name == name {
				return 1
			}
			return 0
		}))
	}
	return most
}

// within is how often one of the type parameters occurs in the arguments of a
// generic type at most.
func (g *growth) within(args []ast.Expr, of map[string]bool) int {
	return g.most(&ast.IndexListExpr{X: ast.NewIdent("_"), Indices: args}, of)
}

// count adds up what the identifiers in a type weigh. An alias weighs what it
// stands for, as often as there are arguments to put into it.
func (g *growth) count(x ast.Node, weight func(*ast.Ident) int) int {
	total := 0
	ast.Inspect(x, func(n ast.Node) bool {
		if field, ok := n.(*ast.Field); ok && len(field.Names) > 1 {
			total += len(field.Names) * g.count(field.Type, weight)
			return false
		}
		if generic, args := instance(n); args != nil {
			inner := weight(generic)
			for _, arg := range args {
				inner += g.count(arg, weight)
			}
			total += inner * g.alias(generic.Name)
			return false
		}
		if id, ok := n.(*ast.Ident); ok {
			if w := weight(id); w > 0 {
				total += w * g.alias(id.Name)
			}
		}
		total = min(total, maxType+1)
		return total <= maxType
	})
	return min(total, maxType+1)
}

// alias is the size of what an alias stands for, and 1 for any other name.
func (g *growth) alias(name string) int {
	if n, ok := g.known[name]; ok {
		return n
	}
	g.known[name] = 1 // a circle is the type checker's to report
	largest := 1
	for _, x := range g.aliases[name] {
		largest = max(largest, g.size(x))
	}
	g.known[name] = largest
	return largest
}

// instance returns the name and the arguments of a generic type that is given
// some, or what looks like it.
func instance(n ast.Node) (generic *ast.Ident, args []ast.Expr) {
	var x ast.Expr
	switch n := n.(type) {
	case *ast.IndexExpr:
		x, args = n.X, []ast.Expr{n.Index}
	case *ast.IndexListExpr:
		x, args = n.X, n.Indices
	default:
		return nil, nil
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		return x, args
	case *ast.SelectorExpr:
		return x.Sel, args
	}
	return nil, nil
}

// params are the names of type parameters.
func params(list *ast.FieldList) map[string]bool {
	names := make(map[string]bool)
	if list == nil {
		return names
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			names[name.Name] = true
		}
	}
	return names
}

// reaches reports whether a type holds another one, however far inside.
func reaches(holds map[string][]string, from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, next := range holds[from] {
		if reaches(holds, next, to, seen) {
			return true
		}
	}
	return false
}
