package candidate

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"

	"racebench/internal/result"
)

// comparison compares the API of one component with the contract's.
type comparison struct {
	c         *Candidate
	fset      *token.FileSet
	component result.Component
	sources   []*source
	// want is the contract, got the candidate; the texts are their
	// declarations, for messages.
	want, got           *types.Package
	wantText, gotText   map[string]string
	wantNames, gotNames map[*types.TypeName]string
}

// checkAPI reports what is missing or changed. Additional names are allowed.
func (c *Candidate) checkAPI(fset *token.FileSet, component result.Component, sources []*source, pkg checked) {
	stub, text := loadContract(component)
	cmp := comparison{
		c: c, fset: fset, component: component, sources: sources,
		want: stub.pkg, got: pkg.pkg,
		wantText: text, gotText: make(map[string]string),
		wantNames: make(map[*types.TypeName]string), gotNames: make(map[*types.TypeName]string),
	}
	for _, s := range sources {
		maps.Copy(cmp.gotText, declarations(fset, s.file, s.text))
	}
	for _, name := range cmp.want.Scope().Names() {
		want, ok := cmp.want.Scope().Lookup(name).(*types.TypeName)
		if !ok {
			continue
		}
		cmp.wantNames[want] = name
		// An alias stands for the type that it names.
		if got, ok := cmp.got.Scope().Lookup(name).(*types.TypeName); ok {
			if named, ok := types.Unalias(got.Type()).(*types.Named); ok {
				cmp.gotNames[named.Origin().Obj()] = name
			}
		}
	}
	for _, name := range cmp.want.Scope().Names() {
		cmp.object(name)
	}
}

// object compares one name of the package.
func (p *comparison) object(name string) {
	want, got := p.want.Scope().Lookup(name), p.got.Scope().Lookup(name)
	if got == nil {
		p.missing(name, name)
		return
	}
	if kindOf(want) != kindOf(got) {
		p.changed(name, got, fmt.Sprintf("is a %s", kindOf(got)))
		return
	}
	switch want := want.(type) {
	case *types.Func:
		p.signature(name, want, got.(*types.Func), nil, nil)
	case *types.Var:
		p.compare(name, got, p.render(p.want, want.Type()), p.render(p.got, got.Type()))
	case *types.Const:
		p.constant(name, want, got.(*types.Const))
	case *types.TypeName:
		p.typeName(name, want, got.(*types.TypeName))
	}
}

// kindOf names the sort of an object.
func kindOf(o types.Object) string {
	switch o.(type) {
	case *types.Func:
		return "function"
	case *types.Var:
		return "variable"
	case *types.Const:
		return "constant"
	}
	return "type"
}

// rendering is a canonical text, and whether anything in it stayed unknown.
type rendering struct {
	text    string
	unknown bool
}

func (p *comparison) canonical(pkg *types.Package) *canonical {
	if pkg == p.want {
		return &canonical{pkg: pkg, names: p.wantNames}
	}
	return &canonical{pkg: pkg, names: p.gotNames}
}

func (p *comparison) render(pkg *types.Package, t types.Type, params ...*types.TypeParamList) rendering {
	c := p.canonical(pkg)
	c.bind(params...)
	text := c.typ(t)
	return rendering{text, c.unknown}
}

// compare reports a changed declaration.
func (p *comparison) compare(name string, got types.Object, want, have rendering) {
	if want.text != have.text && !have.unknown {
		p.changed(name, got, "")
	}
}

// signature compares functions and methods, without receivers. The lists are
// the type parameters of the receivers' types.
func (p *comparison) signature(name string, want, got *types.Func, wantOwner, gotOwner *types.TypeParamList) {
	ws, gs := want.Signature(), got.Signature()
	p.compare(name, got,
		p.render(p.want, ws, wantOwner, ws.RecvTypeParams(), ws.TypeParams()),
		p.render(p.got, gs, gotOwner, gs.RecvTypeParams(), gs.TypeParams()))
}

// constant compares the type and the value.
func (p *comparison) constant(name string, want, got *types.Const) {
	wantType, gotType := p.render(p.want, want.Type()), p.render(p.got, got.Type())
	if gotType.unknown || got.Val().Kind() == constant.Unknown {
		return
	}
	if wantType.text == gotType.text && constant.Compare(constant.ToInt(want.Val()), token.EQL, constant.ToInt(got.Val())) {
		return
	}
	expected := fmt.Sprintf("const %s %s = %s", name, wantType.text, want.Val())
	observed := fmt.Sprintf("const %s %s = %s", name, strings.TrimPrefix(gotType.text, "own "), shorten(got.Val().String()))
	p.report(name, got, expected, observed, fmt.Sprintf("%s differs from the contract", name))
}

// typeName compares a type: its parameters, its underlying type or fields, its
// methods.
func (p *comparison) typeName(name string, want, got *types.TypeName) {
	wantNamed := want.Type().(*types.Named)
	gotNamed, ok := types.Unalias(got.Type()).(*types.Named)
	if !ok {
		if r := p.render(p.got, got.Type()); !r.unknown {
			p.changed(name, got, "is no type of its own")
		}
		return
	}
	gotNamed = gotNamed.Origin()
	wantParams, gotParams := wantNamed.TypeParams(), gotNamed.TypeParams()
	wc, gc := p.canonical(p.want), p.canonical(p.got)
	wc.bind(wantParams)
	gc.bind(gotParams)
	if a, b := wc.constraints(wantParams), gc.constraints(gotParams); a != b && !gc.unknown {
		p.changed(name, got, "has other type parameters")
		return
	}
	p.methods(name, wantNamed, gotNamed)
	wantStruct, isStruct := wantNamed.Underlying().(*types.Struct)
	if !isStruct {
		p.compare(name, got, p.render(p.want, wantNamed.Underlying()), p.render(p.got, gotNamed.Underlying()))
		return
	}
	if wantStruct.NumFields() == 0 {
		return // opaque
	}
	gotStruct, ok := gotNamed.Underlying().(*types.Struct)
	if !ok {
		p.changed(name, got, "is no struct")
		return
	}
	p.fields(name, wantNamed, gotNamed, wantStruct, gotStruct)
}

// fields wants every field of the contract's struct. Others may be added, as
// long as values can still be compared with == where the contract's can.
func (p *comparison) fields(name string, wantNamed, gotNamed *types.Named, want, got *types.Struct) {
	for w := range want.Fields() {
		full := name + "." + w.Name()
		var found *types.Var
		for g := range got.Fields() {
			if g.Name() == w.Name() && !g.Embedded() {
				found = g
			}
		}
		if found == nil {
			p.missing(full, name)
			continue
		}
		p.compare(full, found, p.render(p.want, w.Type(), wantNamed.TypeParams()), p.render(p.got, found.Type(), gotNamed.TypeParams()))
	}
	if wantNamed.TypeParams().Len() == 0 && types.Comparable(want) && !types.Comparable(got) {
		p.changed(name, gotNamed.Obj(), "has a field that makes its values incomparable with ==")
	}
}

// methods wants every method of the contract's type. A method of the pointer
// may be one of the value, which can be called in the same ways; whether that
// copies a lock is for the static rules to say.
func (p *comparison) methods(name string, want, got *types.Named) {
	for m := range want.Methods() {
		full := name + "." + m.Name()
		_, wantPointer := m.Signature().Recv().Type().(*types.Pointer)
		obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(got), false, p.got, m.Name())
		if obj == nil {
			if embedsUnknown(got) {
				continue // It may be promoted from a type that is not known here.
			}
			p.missing(full, name)
			continue
		}
		method, ok := obj.(*types.Func)
		if !ok {
			p.changed(full, obj, "is a field")
			continue
		}
		if !wantPointer {
			if value, _, indirect := types.LookupFieldOrMethod(got, false, p.got, m.Name()); value == nil || indirect {
				p.changed(full, method, "has a pointer receiver, want a value receiver")
				continue
			}
		}
		p.signature(full, m, method, want.TypeParams(), got.TypeParams())
	}
}

// embedsUnknown says whether a struct embeds a type of a package that is known
// here by a stub alone.
func embedsUnknown(t *types.Named) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return types.Unalias(t.Underlying()) == types.Typ[types.Invalid]
	}
	for f := range s.Fields() {
		if !f.Embedded() {
			continue
		}
		ft := types.Unalias(f.Type())
		if ptr, ok := ft.(*types.Pointer); ok {
			ft = types.Unalias(ptr.Elem())
		}
		named, ok := ft.(*types.Named)
		if !ok || named.Obj().Pkg() != t.Obj().Pkg() || embedsUnknown(named) {
			return true
		}
	}
	return false
}

// missing reports a declaration that is not there, at the declaration of the
// type that it belongs to.
func (p *comparison) missing(full, owner string) {
	where := at(p.sources[0].name, 0, 0)
	if full != owner {
		if obj := p.got.Scope().Lookup(owner); obj != nil {
			where = p.position(obj)
		}
	} else if main := path.Join(string(p.component), string(p.component)+".go"); p.c.Sources[main] != nil {
		where.File = main
	}
	message := "missing: " + p.wantText[full]
	// Somebody who wrote it with another case should not search for it.
	for _, have := range slices.Sorted(maps.Keys(p.gotText)) {
		if strings.EqualFold(have, full) {
			message += fmt.Sprintf("; there is %s", p.gotText[have])
			break
		}
	}
	f := p.c.add(result.API, p.component, where, full, message)
	f.Expected = p.wantText[full]
}

// changed reports a declaration that differs. How says in which way where the
// two texts leave it open.
func (p *comparison) changed(full string, got types.Object, how string) {
	observed := p.gotText[full]
	if observed == "" {
		observed = p.gotText[got.Name()]
	}
	message := full + " differs from the contract"
	if how != "" {
		message = full + " " + how
	}
	p.report(full, got, p.wantText[full], observed, message)
}

// report completes the message with the texts, where they say something.
func (p *comparison) report(full string, got types.Object, expected, observed, message string) {
	if observed != expected {
		message += fmt.Sprintf("; the contract has %q", expected)
		if observed != "" {
			message += fmt.Sprintf(", this is %q", observed)
		}
	}
	f := p.c.add(result.API, p.component, p.position(got), full, message)
	f.Expected, f.Observed = expected, observed
}

// position is where an object of the candidate is declared.
func (p *comparison) position(obj types.Object) result.Position {
	if !obj.Pos().IsValid() {
		return at(p.sources[0].name, 0, 0)
	}
	pos := p.fset.PositionFor(obj.Pos(), false)
	return at(pos.Filename, pos.Line, pos.Column)
}
