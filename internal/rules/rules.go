// Package rules judges the sources of a component without running them: go
// vet's analyzers for synchronisation and rules of our own, built on
// golang.org/x/tools/go/analysis. What they find becomes findings of the
// Synchronization Correctness category.
//
// The rules err on the side of silence. A defect that they miss is left to the
// evidence at run time; an accusation that is false is not excused by anything.
// So where the analysis does not know which locks are held, it says nothing.
package rules

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"racebench/internal/result"
	"racebench/internal/rules/rule"
)

// Rule is one static rule; see package rule.
type Rule = rule.Rule

// Find returns the rule with the given ID or name, in any letter case.
func Find(idOrName string) (Rule, bool) {
	for _, r := range All() {
		if strings.EqualFold(r.ID, idOrName) || strings.EqualFold(r.Name, idOrName) {
			return r, true
		}
	}
	return Rule{}, false
}

// Config says what is to be judged.
type Config struct {
	// Dir is the candidate's folder. It is not read where Sources is given.
	Dir string
	// Sources are the candidate's .go files by slash-separated path from its
	// folder, such as "cache/cache.go". Files ending in _test.go are left out.
	Sources map[string][]byte
	// Packages says in which folder, slash-separated and relative, each
	// component lies. Nil means a folder of the component's own name.
	Packages map[result.Component]string
	// Go is the go command, whose standard library the sources are checked
	// against; "go" where empty.
	Go string
	// Env is the environment of the go command. Nil means that of this process.
	// What could let the candidate steer the command is overruled.
	Env []string
	// Flags are build flags with which the go command has objects of the
	// standard library in its cache already; with others it compiles them anew.
	Flags []string
}

// Check applies every rule to the components and returns what they found, in
// an order that depends on the sources alone. An error says that racebench
// could not do it: the sources do not compile, or there is no Go toolchain.
func Check(ctx context.Context, cfg Config) ([]result.Finding, error) {
	var findings []result.Finding
	for _, c := range result.Components() {
		dir := string(c)
		if cfg.Packages != nil {
			var ok bool
			if dir, ok = cfg.Packages[c]; !ok {
				continue
			}
		}
		sources, err := cfg.sources(dir)
		if err != nil {
			return nil, err
		}
		p, err := loadStd(ctx, cfg, path.Join("racebench/internal", string(c)), sources)
		if err != nil {
			return nil, err
		}
		found, err := apply(p, c, All())
		if err != nil {
			return nil, err
		}
		findings = append(findings, found...)
	}
	return findings, ctx.Err()
}

func (cfg Config) sources(dir string) (map[string][]byte, error) {
	if cfg.Sources == nil {
		if cfg.Dir == "" {
			return nil, errors.New("rules: neither a folder nor sources given")
		}
		return readDir(cfg.Dir, dir)
	}
	sources := map[string][]byte{}
	for name, data := range cfg.Sources {
		if path.Dir(name) == path.Clean(dir) && isSource(name) {
			sources[name] = data
		}
	}
	return sources, nil
}

// loadStd loads a package that imports nothing but the standard library.
func loadStd(ctx context.Context, cfg Config, importPath string, sources map[string][]byte) (*program, error) {
	fset := token.NewFileSet()
	files, err := parse(fset, sources)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	if imports := importsOf(files); len(imports) > 0 {
		goBin, env := cmp.Or(cfg.Go, "go"), cfg.Env
		if env == nil {
			env = environ()
		}
		if known, err = stdExports.lookup(ctx, goBin, env, cfg.Flags, imports); err != nil {
			return nil, err
		}
	}
	pkg, info, sizes, err := check(fset, importPath, files, importer{fset, known, map[string]*types.Package{}})
	if err != nil {
		return nil, err
	}
	return &program{fset, files, pkg, info, sizes, sources}, nil
}

// apply runs the given rules over one package.
func apply(p *program, c result.Component, rules []Rule) ([]result.Finding, error) {
	d := newDriver(p)
	var findings []result.Finding
	for _, r := range rules {
		diags, err := d.run(r.Analyzer)
		if err != nil {
			return nil, err
		}
		for _, diag := range diags {
			findings = append(findings, p.finding(r, c, diag))
		}
	}
	slices.SortStableFunc(findings, compare)
	return slices.CompactFunc(findings, func(a, b result.Finding) bool { return a.ID == b.ID }), nil
}

func compare(a, b result.Finding) int {
	return cmp.Or(
		slices.CompareFunc(a.Positions, b.Positions, comparePositions),
		cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Message, b.Message),
	)
}

func comparePositions(a, b result.Position) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// letters begin the contract's sentences about one component.
var letters = map[result.Component]string{result.Cache: "C", result.Counter: "M", result.WorkerPool: "W"}

// sentencesOf leaves of a rule's sentences those about the component and those
// about all of them.
func sentencesOf(contract []string, c result.Component) []string {
	return slices.DeleteFunc(slices.Clone(contract), func(sentence string) bool {
		for other, letter := range letters {
			if other != c && strings.HasPrefix(sentence, letter) {
				return true
			}
		}
		return false
	})
}

// finding turns a diagnostic into a finding of the given rule.
func (p *program) finding(r Rule, c result.Component, diag analysis.Diagnostic) result.Finding {
	f := result.Finding{
		Kind:      r.Kind,
		Origin:    result.FromRules,
		Severity:  r.Severity,
		Component: c,
		Rule:      r.ID,
		Contract:  sentencesOf(r.Contract, c),
		Message:   strings.Join(strings.Fields(diag.Message), " "),
		Positions: []result.Position{p.position(diag.Pos)},
		Potential: r.Potential,
		Confirmed: true,
	}
	for _, rel := range diag.Related {
		pos := p.position(rel.Pos)
		f.Positions = append(f.Positions, pos)
		f.Detail = append(f.Detail, fmt.Sprintf("%s:%d: %s", pos.File, pos.Line, rel.Message))
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\x00%s\x00%s\x00", f.Kind, f.Component, f.Rule)
	for _, pos := range f.Positions {
		fmt.Fprintf(sum, "%s:%d:%d\x00", pos.File, pos.Line, pos.Column)
	}
	f.ID = strings.ToLower(r.ID) + "-" + hex.EncodeToString(sum.Sum(nil)[:6])
	return f
}

func (p *program) position(pos token.Pos) result.Position {
	// A //line directive of the candidate's own must not move a finding.
	at := p.fset.PositionFor(pos, false)
	return result.Position{File: at.Filename, Line: at.Line, Column: at.Column, Function: p.function(pos)}
}

// function names the function declaration around pos as a stack trace would.
func (p *program) function(pos token.Pos) string {
	for _, f := range p.files {
		if pos < f.FileStart || pos >= f.FileEnd {
			continue
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || pos < fn.Pos() || pos >= fn.End() {
				continue
			}
			if fn.Recv == nil || len(fn.Recv.List) == 0 {
				return fn.Name.Name
			}
			recv := fn.Recv.List[0].Type
			star, pointer := recv.(*ast.StarExpr)
			if pointer {
				recv = star.X
			}
			switch x := recv.(type) {
			case *ast.IndexExpr:
				recv = x.X
			case *ast.IndexListExpr:
				recv = x.X
			}
			name := types.ExprString(recv)
			if pointer {
				name = "(*" + name + ")"
			}
			return name + "." + fn.Name.Name
		}
	}
	return ""
}
