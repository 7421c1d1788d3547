package lostcancel

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/lostcancel"
)

var analyzer = &analysis.Analyzer{
	Name:     lostcancel.Analyzer.Name,
	Doc:      lostcancel.Analyzer.Doc,
	Requires: lostcancel.Analyzer.Requires,
	Run:      run,
}

// run is that of vet, but for functions all of whose contexts hang from
// context.Background and have no timer: there nothing leaks that is not cancelled.
func run(pass *analysis.Pass) (any, error) {
	inner := *pass
	inner.Report = func(d analysis.Diagnostic) {
		if fn := functionAt(pass.Files, d.Pos); fn == nil || !harmless(pass.TypesInfo, fn) {
			pass.Report(d)
		}
	}
	return lostcancel.Analyzer.Run(&inner)
}

// functionAt is the declaration of the function that a place lies in.
func functionAt(files []*ast.File, pos token.Pos) *ast.FuncDecl {
	for _, f := range files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Pos() <= pos && pos < fn.End() {
				return fn
			}
		}
	}
	return nil
}

func harmless(info *types.Info, fn *ast.FuncDecl) bool {
	ok := true
	ast.Inspect(fn, func(n ast.Node) bool {
		call, isCall := n.(*ast.CallExpr)
		if !isCall {
			return true
		}
		switch name := contextFunc(info, call); name {
		case "WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause":
			ok = false
		case "WithCancel", "WithCancelCause":
			parent, isCall := call.Args[0].(*ast.CallExpr)
			from := ""
			if isCall {
				from = contextFunc(info, parent)
			}
			ok = ok && (from == "Background" || from == "TODO")
		}
		return true
	})
	return ok
}

// contextFunc is the name of the function of package context that is called.
func contextFunc(info *types.Info, call *ast.CallExpr) string {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	fn, ok := info.Uses[sel.Sel].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg().Path() != "context" {
		return ""
	}
	return fn.Name()
}
