package lockset

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// Key names a place in memory as one function sees it: a root value and the
// way from there. Two equal keys in one function, or in a function and the
// closures within it, name the same place as long as no pointer on the way
// changes.
//
// In Path ".f" selects a field, "*" follows a pointer, "[i]" takes an element.
type Key struct {
	Root ssa.Value
	Path string
}

// Other stands for locks that are held but have no name in this function.
var Other = Key{Path: "?"}

// Object is the pointer that the place hangs from: the place without the
// fields, nested by value, that lead from the object to it.
func (k Key) Object() Key {
	return Key{k.Root, k.Path[:k.objectEnd()]}
}

// Inside is the way from the object to the place, such as "stats.hits", without
// the leading dot.
func (k Key) Inside() string {
	return strings.TrimPrefix(k.Path[k.objectEnd():], ".")
}

func (k Key) objectEnd() int {
	p := strings.TrimSuffix(k.Path, "*") // a lock held by pointer
	return strings.LastIndexAny(p, "*]") + 1
}

// Name describes the place in words of the source, for messages.
func (k Key) Name() string {
	root := "lock"
	switch r := k.Root.(type) {
	case nil:
		return "another lock"
	case *ssa.Global:
		root = r.Name()
	case *ssa.Parameter:
		root = r.Name()
	case *ssa.Alloc:
		if r.Comment != "" && !strings.ContainsAny(r.Comment, " &()") {
			root = r.Comment
		}
	}
	path := strings.ReplaceAll(k.Path, "*", "")
	for {
		i := strings.IndexByte(path, '[')
		if i < 0 {
			break
		}
		j := strings.IndexByte(path[i:], ']')
		if j < 0 {
			break
		}
		path = path[:i] + path[i+j+1:]
	}
	if _, ok := k.Root.(*ssa.Global); !ok && root == "lock" {
		return strings.TrimPrefix(path, ".")
	}
	return root + path
}

// vague reports whether another name may well stand for the same place: one that
// begins with what a call or a lookup gave, or with a variable of the function that
// points on, that leads through a computed index, or that ends with a pointer.
func (k Key) vague() bool {
	switch k.Root.(type) {
	case nil, *ssa.Global, *ssa.Parameter, *ssa.FreeVar:
	case *ssa.Alloc:
		if strings.Contains(k.Path, "*") {
			return true
		}
	default:
		return true
	}
	return k.byPointer() || strings.Contains(k.Path, "[#")
}

// byPointer reports whether the place is what a variable or field points to, whose
// name says nothing of what that is.
func (k Key) byPointer() bool {
	if k.Path != "" {
		return strings.HasSuffix(k.Path, "*")
	}
	_, global := k.Root.(*ssa.Global)
	_, local := k.Root.(*ssa.Alloc)
	return !global && !local
}

// maybeSame reports whether two names may stand for one lock.
func maybeSame(a, b Key) bool {
	x, okX := a.Class()
	y, okY := b.Class()
	if okX && okY && !a.byPointer() && !b.byPointer() {
		return x == y
	}
	return a.vague() || b.vague()
}

// extends reports whether k lies at or below base, and the rest of the way.
func (k Key) extends(base Key) (string, bool) {
	if k.Root != base.Root || !strings.HasPrefix(k.Path, base.Path) {
		return "", false
	}
	rest := k.Path[len(base.Path):]
	if rest == "" || strings.ContainsRune(".*[", rune(rest[0])) {
		return rest, true
	}
	return "", false
}

// maxPath bounds the length of a path. Nobody writes a longer one, and names that
// grow with every line of a program would take memory by its square.
const maxPath = 1000

// Resolve names the place that v points to or holds.
func (r *Result) Resolve(v ssa.Value) Key {
	if k, done := r.keys[v]; done {
		return k
	}
	// Who comes here again on the way, as for the step of a loop, finds the value
	// by its own name. Every value is looked at once: branches that lead to
	// branches would be a number of ways that doubles with each of them.
	r.keys[v] = Key{Root: v}
	k := r.resolve(v)
	if len(k.Path) > maxPath {
		k = Key{Root: v}
	}
	r.keys[v] = k
	return k
}

func (r *Result) resolve(v ssa.Value) Key {
	switch v := v.(type) {
	case *ssa.FieldAddr:
		k := r.Resolve(v.X)
		k.Path += "." + fieldOf(v.X.Type(), v.Field).Name()
		return k
	case *ssa.Field:
		k := r.Resolve(v.X)
		k.Path += "." + fieldOf(v.X.Type(), v.Field).Name()
		return k
	case *ssa.IndexAddr:
		k := r.Resolve(v.X)
		k.Path += "[" + r.index(v.Index) + "]"
		return k
	case *ssa.UnOp:
		if v.Op != token.MUL {
			return Key{Root: v}
		}
		if stored := r.onlyStore(v.X); stored != nil {
			return r.Resolve(stored)
		}
		k := r.Resolve(v.X)
		if k.Path == "" {
			if _, ok := k.Root.(*ssa.Global); !ok {
				return Key{Root: v} // a variable that changes
			}
		}
		k.Path += "*"
		return k
	case *ssa.FreeVar:
		if b := binding(v); b != nil {
			return r.Resolve(b)
		}
	case *ssa.Call:
		if k, ok := r.handedBack(v); ok {
			return k
		}
	case *ssa.ChangeType:
		return r.Resolve(v.X)
	case *ssa.MakeInterface:
		return r.Resolve(v.X)
	case *ssa.ChangeInterface:
		return r.Resolve(v.X)
	case *ssa.Phi:
		var same Key
		for _, e := range v.Edges {
			if e == v {
				continue
			}
			k := Key{Root: e}
			if _, isPhi := e.(*ssa.Phi); !isPhi {
				k = r.Resolve(e)
			}
			if same.Root != nil && k != same {
				return Key{Root: v}
			}
			same = k
		}
		if same.Root != nil {
			return same
		}
	}
	return Key{Root: v}
}

// handedBack names what a function of ours returns where that is always the same
// one of its parameters, or a field of it by value: the receiver of a method that
// makes sure of something first, or the address of its lock.
func (r *Result) handedBack(call *ssa.Call) (Key, bool) {
	callee := r.Callee(&call.Call)
	if callee == nil || callee.Fn.Signature.Results().Len() != 1 {
		return Key{}, false
	}
	var same Key
	for i, ret := range returns(callee.Fn) {
		k := r.Resolve(ret.Results[0])
		if i > 0 && k != same {
			return Key{}, false
		}
		same = k
	}
	param, ok := same.Root.(*ssa.Parameter)
	if !ok || param.Parent() != callee.Fn || strings.ContainsAny(same.Path, "*[") {
		return Key{}, false
	}
	i := slices.Index(callee.Fn.Params, param)
	if i < 0 || i >= len(call.Call.Args) {
		return Key{}, false
	}
	k := r.Resolve(call.Call.Args[i])
	k.Path += same.Path
	return k, true
}

// index names an index: a constant by its value, anything else by its identity.
func (r *Result) index(v ssa.Value) string {
	if c, ok := v.(*ssa.Const); ok {
		return c.Value.String()
	}
	id, ok := r.ids[v]
	if !ok {
		id = len(r.ids) + 1
		r.ids[v] = id
	}
	return fmt.Sprintf("#%d", id)
}

// indexedBy reports whether a way leads through an element whose index is a value of
// fn. One call of fn says nothing of that value in another, as when a function locks
// an element and calls itself for the next.
func (r *Result) indexedBy(path string, fn *ssa.Function) bool {
	if !strings.Contains(path, "[#") {
		return false
	}
	for v, id := range r.ids {
		if v.Parent() == fn && strings.Contains(path, fmt.Sprintf("[#%d]", id)) {
			return true
		}
	}
	return false
}

// onlyStore returns the value of a variable that is assigned once: a parameter
// or local variable that a closure captures.
func (r *Result) onlyStore(addr ssa.Value) ssa.Value {
	for {
		fv, ok := addr.(*ssa.FreeVar)
		if !ok {
			break
		}
		if addr = binding(fv); addr == nil {
			return nil
		}
	}
	alloc, ok := addr.(*ssa.Alloc)
	if !ok {
		return nil
	}
	if v, done := r.stores[alloc]; done {
		return v
	}
	var found ssa.Value
	n := 0
	var visit func(addr ssa.Value)
	visit = func(addr ssa.Value) {
		for _, ref := range *addr.Referrers() {
			switch ref := ref.(type) {
			case *ssa.Store:
				if ref.Addr == addr {
					found = ref.Val
					n++
				} else {
					n = 2 // the address is stored away
				}
			case *ssa.UnOp, *ssa.DebugRef:
			case *ssa.MakeClosure:
				fn := ref.Fn.(*ssa.Function)
				for i, b := range ref.Bindings {
					if b == addr && i < len(fn.FreeVars) {
						visit(fn.FreeVars[i])
					}
				}
			default:
				n = 2
			}
		}
	}
	visit(alloc)
	if n != 1 {
		found = nil
	}
	r.stores[alloc] = found
	return found
}

// binding is what the enclosing function binds to a captured variable.
func binding(fv *ssa.FreeVar) ssa.Value {
	fn := fv.Parent()
	parent := fn.Parent()
	if parent == nil {
		return nil
	}
	at := -1
	for i, f := range fn.FreeVars {
		if f == fv {
			at = i
		}
	}
	for _, b := range parent.Blocks {
		for _, instr := range b.Instrs {
			if mc, ok := instr.(*ssa.MakeClosure); ok && mc.Fn == fn && at >= 0 && at < len(mc.Bindings) {
				return mc.Bindings[at]
			}
		}
	}
	return nil
}

// fieldOf returns the i-th field of a struct type or of a pointer to one.
func fieldOf(t types.Type, i int) *types.Var {
	return structOf(t).Field(i)
}

func structOf(t types.Type) *types.Struct {
	t = types.Unalias(t)
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	if s, ok := t.Underlying().(*types.Struct); ok {
		return s
	}
	if tp, ok := types.Unalias(t).(*types.TypeParam); ok {
		if s, ok := coreStruct(tp); ok {
			return s
		}
	}
	return types.NewStruct(nil, nil)
}

func coreStruct(tp *types.TypeParam) (*types.Struct, bool) {
	iface := tp.Underlying().(*types.Interface)
	for i := range iface.NumEmbeddeds() {
		if s, ok := iface.EmbeddedType(i).Underlying().(*types.Struct); ok {
			return s, true
		}
	}
	return nil, false
}

// NamedOf is the declaration of a named type, or of what a pointer points to;
// nil where there is none. Instances of a generic type have one declaration.
func NamedOf(t types.Type) *types.TypeName {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if n, ok := t.(*types.Named); ok {
		return n.Origin().Obj()
	}
	return nil
}

// Class is the field that a key leads to, whatever the object: the lock "mu" of
// any Cache. A package-level variable is a class of its own, with no owner.
func (k Key) Class() (Field, bool) {
	if k.Root == nil {
		return Field{}, false
	}
	obj := k.Object()
	if _, ok := k.Root.(*ssa.Global); ok && obj.Path == "" {
		return Field{nil, k.Root.Name() + k.Path}, true
	}
	t := k.Root.Type()
	path := obj.Path
	for path != "" {
		switch path[0] {
		case '*':
			// The first step from a root is a pointer to a place already.
			path = path[1:]
		case '.':
			end := strings.IndexAny(path[1:], ".*[")
			name := path[1:]
			if end >= 0 {
				name, path = path[1:end+1], path[end+1:]
			} else {
				path = ""
			}
			s := structOf(t)
			found := false
			for i := range s.NumFields() {
				if s.Field(i).Name() == name {
					t, found = s.Field(i).Type(), true
				}
			}
			if !found {
				return Field{}, false
			}
		case '[':
			end := strings.IndexByte(path, ']')
			path = path[end+1:]
			if p, ok := t.Underlying().(*types.Pointer); ok {
				t = p.Elem()
			}
			switch u := t.Underlying().(type) {
			case *types.Slice:
				t = u.Elem()
			case *types.Array:
				t = u.Elem()
			default:
				return Field{}, false
			}
		}
	}
	owner := NamedOf(t)
	return Field{owner, k.Inside()}, owner != nil
}

// CanBeNil reports whether the type has nil among its values.
func CanBeNil(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Map, *types.Slice, *types.Chan, *types.Signature, *types.Interface:
		return true
	}
	return false
}
