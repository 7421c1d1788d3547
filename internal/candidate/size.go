package candidate

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"

	"racebench/internal/result"
)

const (
	// maxDepth bounds the nesting of a source. The checks here and those of
	// the static rules are recursive.
	maxDepth = 500
	// maxConstant bounds the length of a constant string in bytes. A constant
	// that is its predecessor twice, 40 times over, is a terabyte to anybody
	// who evaluates it, the judge's type checker included.
	maxConstant = 1 << 20
)

// checkSize reports sources of one package that would cost whoever analyses
// them out of proportion to their length.
func (c *Candidate) checkSize(fset *token.FileSet, sources []*source) (bomb bool) {
	constants := make(map[string][]ast.Expr)
	for _, s := range sources {
		depth := 0
		var deepest token.Pos
		ast.Inspect(s.file, func(n ast.Node) bool {
			if n == nil {
				depth--
				return true
			}
			if depth++; depth > maxDepth && deepest == token.NoPos {
				deepest = n.Pos()
			}
			if decl, ok := n.(*ast.GenDecl); ok && decl.Tok == token.CONST {
				collectConstants(decl, constants)
			}
			return true
		})
		if deepest != token.NoPos {
			c.add(result.Hostile, s.component, position(fset, s, deepest), "depth",
				fmt.Sprintf("nested more than %d levels deep, which exhausts compilers and checkers", maxDepth))
			bomb = true
		}
	}
	if bomb {
		return true
	}
	m := measurer{constants: constants, known: make(map[string]int)}
	for _, s := range sources {
		ast.Inspect(s.file, func(n ast.Node) bool {
			x, ok := n.(*ast.BinaryExpr)
			if !ok || bomb {
				return !bomb
			}
			if m.length(x) > maxConstant {
				c.add(result.Hostile, s.component, position(fset, s, x.Pos()), "constant",
					fmt.Sprintf("a constant string of more than %d bytes, which exhausts compilers and checkers", maxConstant))
				bomb = true
			}
			// Its operands are shorter.
			return x.Op != token.ADD
		})
	}
	return bomb
}

// collectConstants adds the values of a constant declaration by name.
func collectConstants(decl *ast.GenDecl, constants map[string][]ast.Expr) {
	for _, spec := range decl.Specs {
		spec, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for i, name := range spec.Names {
			if i < len(spec.Values) {
				constants[name.Name] = append(constants[name.Name], spec.Values[i])
			}
		}
	}
}

// measurer bounds the length of constant strings by name alone, without scopes
// or types: where a name is declared twice, the longer one counts.
type measurer struct {
	constants map[string][]ast.Expr
	known     map[string]int
}

// length is an upper bound, cut off a little above maxConstant.
func (m *measurer) length(x ast.Expr) int {
	switch x := x.(type) {
	case *ast.BasicLit:
		if x.Kind == token.STRING {
			if s, err := strconv.Unquote(x.Value); err == nil {
				return len(s)
			}
		}
	case *ast.ParenExpr:
		return m.length(x.X)
	case *ast.BinaryExpr:
		if x.Op == token.ADD {
			return min(m.length(x.X)+m.length(x.Y), maxConstant+1)
		}
	case *ast.CallExpr:
		// A conversion.
		if len(x.Args) == 1 {
			return m.length(x.Args[0])
		}
	case *ast.Ident:
		if n, ok := m.known[x.Name]; ok {
			return n
		}
		m.known[x.Name] = 0 // a circle is the compiler's to report
		longest := 0
		for _, value := range m.constants[x.Name] {
			longest = max(longest, m.length(value))
		}
		m.known[x.Name] = longest
		return longest
	}
	return 0
}
