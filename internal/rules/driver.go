package rules

import (
	"fmt"
	"go/types"
	"os"
	"reflect"

	"golang.org/x/tools/go/analysis"
)

// driver applies analyzers to one package, each once, in dependency order.
// Facts live as long as the driver: no analyzer used here needs those of other
// packages to be right about this one.
type driver struct {
	prog    *program
	results map[*analysis.Analyzer]any
	diags   map[*analysis.Analyzer][]analysis.Diagnostic
	objects map[objectFact]analysis.Fact
	pkgs    map[packageFact]analysis.Fact
}

type objectFact struct {
	obj  types.Object
	kind reflect.Type
}

type packageFact struct {
	pkg  *types.Package
	kind reflect.Type
}

func newDriver(p *program) *driver {
	return &driver{
		prog:    p,
		results: map[*analysis.Analyzer]any{},
		diags:   map[*analysis.Analyzer][]analysis.Diagnostic{},
		objects: map[objectFact]analysis.Fact{},
		pkgs:    map[packageFact]analysis.Fact{},
	}
}

// run applies a and whatever it requires, and returns what a reported.
func (d *driver) run(a *analysis.Analyzer) (_ []analysis.Diagnostic, err error) {
	if _, done := d.results[a]; done {
		return d.diags[a], nil
	}
	inputs := map[*analysis.Analyzer]any{}
	for _, req := range a.Requires {
		if _, err := d.run(req); err != nil {
			return nil, err
		}
		inputs[req] = d.results[req]
	}
	// An analyzer that panics on a candidate is a failure of ours, not a
	// finding and not the end of the process.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("rules: analyzer %s panicked: %v", a.Name, r)
		}
	}()
	p := d.prog
	pass := &analysis.Pass{
		Analyzer:   a,
		Fset:       p.fset,
		Files:      p.files,
		Pkg:        p.pkg,
		TypesInfo:  p.info,
		TypesSizes: p.sizes,
		ResultOf:   inputs,
		Report:     func(diag analysis.Diagnostic) { d.diags[a] = append(d.diags[a], diag) },
		ReadFile: func(name string) ([]byte, error) {
			if data, ok := p.sources[name]; ok {
				return data, nil
			}
			return nil, os.ErrNotExist
		},
		ImportObjectFact: func(obj types.Object, fact analysis.Fact) bool {
			return load(d.objects[objectFact{obj, reflect.TypeOf(fact)}], fact)
		},
		ImportPackageFact: func(pkg *types.Package, fact analysis.Fact) bool {
			return load(d.pkgs[packageFact{pkg, reflect.TypeOf(fact)}], fact)
		},
		ExportObjectFact: func(obj types.Object, fact analysis.Fact) {
			d.objects[objectFact{obj, reflect.TypeOf(fact)}] = fact
		},
		ExportPackageFact: func(fact analysis.Fact) {
			d.pkgs[packageFact{p.pkg, reflect.TypeOf(fact)}] = fact
		},
		AllObjectFacts:  func() []analysis.ObjectFact { return nil },
		AllPackageFacts: func() []analysis.PackageFact { return nil },
	}
	res, err := a.Run(pass)
	if err != nil {
		return nil, fmt.Errorf("rules: analyzer %s: %w", a.Name, err)
	}
	d.results[a] = res
	return d.diags[a], nil
}

// load copies a stored fact into the one that the analyzer handed in.
func load(stored, into analysis.Fact) bool {
	if stored == nil {
		return false
	}
	reflect.ValueOf(into).Elem().Set(reflect.ValueOf(stored).Elem())
	return true
}
