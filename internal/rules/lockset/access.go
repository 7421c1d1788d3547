package lockset

import (
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// Field is a field of a struct type of the package, or a field nested in it by
// value, or (with "[]" at the end) what a map or slice field contains.
type Field struct {
	Owner *types.TypeName
	Name  string
}

// String is the field as a message names it.
func (f Field) String() string {
	name := strings.TrimSuffix(f.Name, "[]")
	if f.Owner == nil {
		return name
	}
	return f.Owner.Name() + "." + name
}

// Overlaps reports whether the two can be the same memory: equal, or one is a
// part of the other.
func (f Field) Overlaps(g Field) bool {
	if f.Owner != g.Owner {
		return false
	}
	a, b := f.Name, g.Name
	if len(a) > len(b) {
		a, b = b, a
	}
	rest, ok := strings.CutPrefix(b, a)
	return ok && (rest == "" || rest[0] == '.')
}

// Access is one read or write of a field.
type Access struct {
	Func  *Func
	Instr ssa.Instruction
	Pos   token.Pos
	Field Field
	// Object is the struct that has the field.
	Object Key
	Write  bool
	// Map: it is the contents of a map.
	Map bool
	// Hook: the field is a function, such as a callback that is set before
	// the object is used.
	Hook bool
	// Fresh: the object was made by this function, nobody else knows it yet.
	Fresh bool
	Views []View
}

// Accesses lists the reads and writes of fields of the package's struct types,
// in the order of the source. Fields that are locks, and those that are only
// used through methods (sync/atomic, sync.Map), are not among them.
func (r *Result) Accesses() []Access {
	var out []Access
	r.instructions(func(f *Func, instr ssa.Instruction) {
		fa, ok := instr.(*ssa.FieldAddr)
		if !ok || f.before[instr] == nil {
			return
		}
		// Only the outermost field: what is nested in it follows from there.
		if _, nested := fa.X.(*ssa.FieldAddr); nested {
			return
		}
		owner := NamedOf(fa.X.Type())
		if owner == nil || owner.Pkg() != r.pass.Pkg {
			return
		}
		obj := r.Resolve(fa.X)
		c := collector{r: r, f: f, obj: obj, fresh: r.Fresh(obj, f)}
		_, c.hook = fieldOf(fa.X.Type(), fa.Field).Type().Underlying().(*types.Signature)
		c.address(fa, Field{owner, fieldOf(fa.X.Type(), fa.Field).Name()})
		out = append(out, c.found...)
	})
	slices.SortStableFunc(out, func(a, b Access) int { return int(a.Pos - b.Pos) })
	return out
}

type collector struct {
	r     *Result
	f     *Func
	obj   Key
	fresh bool
	hook  bool
	found []Access
	// taken are the stores by which what is looked at was taken out of the field.
	taken []*ssa.Store
}

func (c *collector) add(instr ssa.Instruction, pos token.Pos, field Field, write bool) {
	s := c.f.before[instr]
	if s == nil || slices.ContainsFunc(c.taken, func(st *ssa.Store) bool { return ComesBefore(st, instr) }) {
		return
	}
	c.found = append(c.found, Access{
		Func: c.f, Instr: instr, Pos: pos, Field: field, Object: c.obj,
		Write: write, Map: isMapAccess(instr), Hook: c.hook, Fresh: c.fresh, Views: c.r.views(c.f, s),
	})
}

// takenOut are the stores that give the field another map or slice after it was
// loaded: what was there is the loader's own from then on.
func (r *Result) takenOut(load *ssa.UnOp) []*ssa.Store {
	switch load.Type().Underlying().(type) {
	case *types.Map, *types.Slice:
	default:
		return nil
	}
	field := r.Resolve(load.X)
	var out []*ssa.Store
	for _, b := range load.Parent().Blocks {
		for _, instr := range b.Instrs {
			st, ok := instr.(*ssa.Store)
			if ok && r.Resolve(st.Addr) == field && ComesBefore(load, st) && !derives(st.Val, load, map[ssa.Value]bool{}) {
				out = append(out, st)
			}
		}
	}
	return out
}

// derives reports whether a value is computed from another one: an append to it, or
// a part of it.
func derives(v, from ssa.Value, seen map[ssa.Value]bool) bool {
	if v == from {
		return true
	}
	instr, ok := v.(ssa.Instruction)
	if !ok || seen[v] {
		return false
	}
	seen[v] = true
	return slices.ContainsFunc(instr.Operands(nil), func(op *ssa.Value) bool { return *op != nil && derives(*op, from, seen) })
}

// ComesBefore reports whether whoever gets to b has been at a.
func ComesBefore(a, b ssa.Instruction) bool {
	if a.Block() != b.Block() {
		return a.Block().Dominates(b.Block())
	}
	return slices.Index(a.Block().Instrs, a) < slices.Index(b.Block().Instrs, b)
}

func isMapAccess(instr ssa.Instruction) bool {
	switch instr := instr.(type) {
	case *ssa.MapUpdate, *ssa.Lookup, *ssa.Next:
		return true
	case *ssa.Call:
		if len(instr.Call.Args) > 0 {
			_, ok := instr.Call.Args[0].Type().Underlying().(*types.Map)
			return ok
		}
	}
	return false
}

// address collects the uses of a field's address.
func (c *collector) address(addr ssa.Value, field Field) {
	if IsMutex(addr.Type()) {
		return
	}
	for _, ref := range *addr.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Addr == addr {
				c.add(ref, firstPos(addr.Pos(), ref.Pos()), field, true)
			}
		case *ssa.UnOp:
			if ref.Op == token.MUL {
				c.add(ref, firstPos(addr.Pos(), ref.Pos()), field, false)
				c.taken = c.r.takenOut(ref)
				c.contents(ref, field, 0)
				c.taken = nil
			}
		case *ssa.FieldAddr:
			c.address(ref, Field{field.Owner, field.Name + "." + fieldOf(ref.X.Type(), ref.Field).Name()})
		case *ssa.IndexAddr:
			if NamedOf(ref.Type()) == nil || structOf(ref.Type()).NumFields() == 0 {
				c.address(ref, Field{field.Owner, field.Name + "[]"})
			}
		}
	}
}

// contents collects the uses of what a map or slice holds.
func (c *collector) contents(v ssa.Value, field Field, depth int) {
	if depth > 5 || v.Referrers() == nil {
		return
	}
	inner := Field{field.Owner, field.Name + "[]"}
	switch v.Type().Underlying().(type) {
	case *types.Map, *types.Slice:
	default:
		c.list(v, inner)
		return
	}
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Lookup:
			if ref.X == v {
				c.add(ref, ref.Pos(), inner, false)
			}
		case *ssa.MapUpdate:
			if ref.Map == v {
				c.add(ref, ref.Pos(), inner, true)
			}
		case *ssa.Range:
			for _, next := range *ref.Referrers() {
				if n, ok := next.(*ssa.Next); ok {
					c.add(n, ref.Pos(), inner, false)
				}
			}
		case *ssa.IndexAddr:
			if ref.X == v {
				c.element(ref, inner)
			}
		case *ssa.Slice:
			c.contents(ref, field, depth+1)
		case *ssa.Call:
			b, ok := ref.Call.Value.(*ssa.Builtin)
			if !ok {
				continue
			}
			_, isMap := v.Type().Underlying().(*types.Map)
			switch b.Name() {
			case "delete", "clear":
				c.add(ref, ref.Pos(), inner, true)
			case "copy":
				c.add(ref, ref.Pos(), inner, ref.Call.Args[0] == v)
			case "len":
				if isMap {
					c.add(ref, ref.Pos(), inner, false)
				}
			}
		}
	}
}

// list collects the uses of a list of the standard library.
func (c *collector) list(v ssa.Value, inner Field) {
	tn := NamedOf(v.Type())
	if tn == nil || tn.Pkg() == nil || tn.Pkg().Path() != "container/list" || tn.Name() != "List" {
		return
	}
	for _, ref := range *v.Referrers() {
		call, ok := ref.(*ssa.Call)
		if !ok || len(call.Call.Args) == 0 || call.Call.Args[0] != v {
			continue
		}
		if fn := call.Call.StaticCallee(); fn != nil && fn.Signature.Recv() != nil {
			reads := fn.Name() == "Len" || fn.Name() == "Front" || fn.Name() == "Back"
			c.add(call, call.Pos(), inner, !reads)
		}
	}
}

// element collects the uses of the address of a slice's element, where the
// element is not a struct with a life of its own.
func (c *collector) element(addr *ssa.IndexAddr, field Field) {
	for _, ref := range *addr.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Addr == addr {
				c.add(ref, firstPos(addr.Pos(), ref.Pos()), field, true)
			}
		case *ssa.UnOp:
			if ref.Op == token.MUL {
				c.add(ref, firstPos(addr.Pos(), ref.Pos()), field, false)
			}
		}
	}
}

func firstPos(ps ...token.Pos) token.Pos {
	for _, p := range ps {
		if p.IsValid() {
			return p
		}
	}
	return token.NoPos
}

// Guards are the locks, among those held, that belong to the object accessed or
// to the package, with their modes: by field name, or by the variable's name
// with "package " before it.
func (a Access) Guards(v View) map[string]Mode {
	out := map[string]Mode{}
	for k, m := range v.Locks {
		if g, ok := k.Root.(*ssa.Global); ok && !strings.ContainsAny(k.Path, "*[") {
			out["package "+g.Name()+k.Path] |= m
			continue
		}
		if rest, ok := k.extends(a.Object); ok && !strings.ContainsAny(strings.TrimSuffix(rest, "*"), "*[") {
			out[strings.TrimPrefix(rest, ".")] |= m
		}
	}
	return out
}

// LastStore is what was stored last in a variable before it is loaded, if that is in
// the same block; nil else. Functions that defer have their results in variables.
func LastStore(load *ssa.UnOp) ssa.Value {
	var last ssa.Value
	for _, instr := range load.Block().Instrs {
		if instr == load {
			break
		}
		if st, ok := instr.(*ssa.Store); ok && st.Addr == load.X {
			last = st.Val
		}
	}
	return last
}

// IsRecover reports whether a value is what recover gave.
func IsRecover(v ssa.Value) bool {
	call, ok := v.(*ssa.Call)
	if !ok {
		return false
	}
	b, ok := call.Call.Value.(*ssa.Builtin)
	return ok && b.Name() == "recover"
}

// Leads reports whether control can get from the start of one block to that of
// another.
func Leads(from, to *ssa.BasicBlock) bool { return from == to || Reaches(from, to) }

// InCycle reports whether a block can be reached from itself.
func InCycle(b *ssa.BasicBlock) bool { return Reaches(b, b) }

// Reaches reports whether control can get from the end of one block to the
// start of another.
func Reaches(from, to *ssa.BasicBlock) bool {
	seen := map[*ssa.BasicBlock]bool{}
	work := slices.Clone(from.Succs)
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if b == to {
			return true
		}
		if !seen[b] {
			seen[b] = true
			work = append(work, b.Succs...)
		}
	}
	return false
}

// FieldOf is the field that an address is of, with the fields by value that it
// is nested in; false where the struct has no name.
func FieldOf(fa *ssa.FieldAddr) (Field, bool) {
	name := fieldOf(fa.X.Type(), fa.Field).Name()
	for {
		outer, ok := fa.X.(*ssa.FieldAddr)
		if !ok {
			break
		}
		fa = outer
		name = fieldOf(fa.X.Type(), fa.Field).Name() + "." + name
	}
	owner := NamedOf(fa.X.Type())
	return Field{owner, name}, owner != nil
}
