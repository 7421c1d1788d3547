package checkact

import (
	"cmp"
	"fmt"
	"go/token"
	"maps"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "checkact",
	Doc:      "report checks and acts in different critical sections of one lock",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

// section is one critical section as a function sees it: from a Lock to the
// Unlocks after it, or a call of a function that locks and unlocks by itself.
type section struct {
	key   lockset.Key
	start ssa.Instruction
	end   []ssa.Instruction
	// inside are the instructions of the section itself.
	inside map[ssa.Instruction]bool
	// values are those by which what was read leaves the section.
	values map[ssa.Value]lockset.Field
	reads  map[lockset.Field]token.Pos
	writes map[lockset.Field]token.Pos
}

type checker struct {
	locks    *lockset.Result
	byFunc   map[*lockset.Func][]lockset.Access
	byInstr  map[ssa.Instruction][]lockset.Access
	mutable  map[lockset.Field]bool
	sections map[*lockset.Func][]*section
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	c := &checker{
		locks:    locks,
		byFunc:   map[*lockset.Func][]lockset.Access{},
		byInstr:  map[ssa.Instruction][]lockset.Access{},
		mutable:  map[lockset.Field]bool{},
		sections: map[*lockset.Func][]*section{},
	}
	for _, a := range locks.Accesses() {
		c.byFunc[a.Func] = append(c.byFunc[a.Func], a)
		c.byInstr[a.Instr] = append(c.byInstr[a.Instr], a)
		if a.Write && !a.Fresh {
			c.mutable[a.Field] = true
		}
	}
	for _, f := range locks.Funcs {
		c.sections[f] = c.own(f)
	}
	for _, f := range locks.Funcs {
		if !f.API {
			continue // a goroutine's state may well be its own in between
		}
		all := append(c.sections[f], c.called(f)...)
		for _, act := range all {
			for _, check := range all {
				if field, why, ok := c.split(f, check, act); ok {
					pass.Report(analysis.Diagnostic{
						Pos:     act.start.Pos(),
						Message: fmt.Sprintf("what this critical section does rests on %s as it was in an earlier one: it may have changed in between (%s)", field, why),
						Related: []analysis.RelatedInformation{{Pos: check.start.Pos(), Message: "looked at in this one"}},
					})
					break
				}
			}
		}
	}
	return nil, nil
}

// own lists the critical sections that lie wholly within f, in the order of
// the source.
func (c *checker) own(f *lockset.Func) []*section {
	var out []*section
	for _, b := range f.Fn.Blocks {
		for i, instr := range b.Instrs {
			call, ok := instr.(*ssa.Call)
			if !ok {
				continue
			}
			op, key, ok := c.locks.LockOperation(&call.Call)
			if !ok || op != lockset.Lock && op != lockset.RLock || key.Root == nil {
				continue
			}
			s := newSection(key, call)
			c.fill(s, b, i+1, map[*ssa.BasicBlock]bool{})
			out = append(out, s)
		}
	}
	return out
}

func newSection(key lockset.Key, start ssa.Instruction) *section {
	return &section{key: key, start: start, inside: map[ssa.Instruction]bool{}, values: map[ssa.Value]lockset.Field{}, reads: map[lockset.Field]token.Pos{}, writes: map[lockset.Field]token.Pos{}}
}

// fill collects what happens from an instruction on until the lock is released.
func (c *checker) fill(s *section, b *ssa.BasicBlock, from int, seen map[*ssa.BasicBlock]bool) {
	for _, instr := range b.Instrs[from:] {
		s.inside[instr] = true
		if call, ok := instr.(*ssa.Call); ok {
			if op, key, ok := c.locks.LockOperation(&call.Call); ok && key == s.key && (op == lockset.Unlock || op == lockset.RUnlock) {
				s.end = append(s.end, call)
				return
			}
			if g := c.locks.Callee(&call.Call); g != nil {
				c.absorb(s, g, map[*lockset.Func]bool{})
			}
		}
		for _, a := range c.byInstr[instr] {
			if a.Write {
				s.writes[a.Field] = a.Pos
			} else {
				s.reads[a.Field] = a.Pos
				if v, ok := instr.(ssa.Value); ok {
					s.values[v] = a.Field
				}
			}
		}
	}
	for _, succ := range b.Succs {
		if !seen[succ] {
			seen[succ] = true
			c.fill(s, succ, 0, seen)
		}
	}
}

// absorb adds what a function does that is called within a section.
func (c *checker) absorb(s *section, g *lockset.Func, seen map[*lockset.Func]bool) {
	if seen[g] {
		return
	}
	seen[g] = true
	for _, a := range c.byFunc[g] {
		if a.Fresh {
			continue
		}
		if a.Write {
			s.writes[a.Field] = a.Pos
		} else {
			s.reads[a.Field] = a.Pos
		}
	}
	for _, b := range g.Fn.Blocks {
		for _, instr := range b.Instrs {
			if inner, ok := instr.(*ssa.Call); ok {
				if h := c.locks.Callee(&inner.Call); h != nil {
					c.absorb(s, h, seen)
				}
			}
		}
	}
}

// called lists the sections that f enters by calling a function whose whole
// body is one critical section of a lock that f can name.
func (c *checker) called(f *lockset.Func) []*section {
	var out []*section
	for _, b := range f.Fn.Blocks {
		for _, instr := range b.Instrs {
			call, ok := instr.(*ssa.Call)
			if !ok {
				continue
			}
			g := c.locks.Callee(&call.Call)
			if g == nil || len(c.sections[g]) != 1 {
				continue
			}
			key, ok := c.locks.InCaller(c.sections[g][0].key, g, &call.Call, f)
			if st := f.Before(call); !ok || st == nil || st.May[key] {
				continue
			}
			s := newSection(key, call)
			s.end = []ssa.Instruction{call}
			s.reads, s.writes = c.sections[g][0].reads, c.sections[g][0].writes
			for field := range s.reads {
				if old, ok := s.values[call]; c.mutable[field] && (!ok || field.String() < old.String()) {
					s.values[call] = field
				}
			}
			out = append(out, s)
		}
	}
	return out
}

// split reports whether act rests on what check saw: it writes, it looks at
// nothing of what was checked again, and nothing in check lays a claim that
// others respect.
func (c *checker) split(f *lockset.Func, check, act *section) (lockset.Field, string, bool) {
	if check == act || check.key != act.key || len(act.writes) == 0 || c.locks.Fresh(act.key, f) || !c.follows(check, act) {
		return lockset.Field{}, "", false
	}
	for w := range check.writes {
		for _, set := range []map[lockset.Field]token.Pos{act.reads, act.writes} {
			for x := range set {
				if x.Overlaps(w) {
					return lockset.Field{}, "", false // a claim
				}
			}
		}
	}
	// Who has changed something already, and touches nothing of what was there
	// again, does two things one after the other.
	if len(check.writes) > 0 && !anyTouch(act.reads, check.reads) && !anyTouch(act.writes, check.reads) {
		return lockset.Field{}, "", false
	}
	if validates(act, check) || c.declines(act) {
		return lockset.Field{}, "", false
	}
	for _, v := range sortedValues(check.values) {
		field := check.values[v]
		if !c.mutable[field] && !c.anyMutable(check, v) || touches(check.writes, field) || touches(act.reads, field) {
			continue
		}
		if _, isCall := v.(*ssa.Call); isCall && anyTouch(act.reads, check.reads) {
			continue
		}
		if decides(v, check, act) {
			return field, "the way here was decided by it", true
		}
		if overwrites(act, check) && returned(f, v) {
			return field, "it is overwritten here and returned as it was", true
		}
	}
	return lockset.Field{}, "", false
}

// validates reports whether a branch of act sees what check saw beside what is there
// now: a generation or version that every change raises, or a mark of the very
// object that was found. Then it knows whether anything has changed in between.
func validates(act, check *section) bool {
	for instr := range act.inside {
		br, ok := instr.(*ssa.If)
		if !ok {
			continue
		}
		p := parts{act: act, check: check, seen: map[ssa.Value]bool{}}
		p.add(br.Cond)
		if p.then && p.now {
			return true
		}
	}
	return false
}

// parts says what a condition is made of.
type parts struct {
	act, check *section
	seen       map[ssa.Value]bool
	// then: something that was read in check. now: something that was read, or a
	// function that was called, in act.
	then, now bool
}

// add looks at what a value is computed from.
func (p *parts) add(v ssa.Value) {
	instr, ok := v.(ssa.Instruction)
	if !ok || p.seen[v] {
		return
	}
	p.seen[v] = true
	inCheck := p.check.inside[instr] || instr == p.check.start
	switch v := v.(type) {
	case *ssa.UnOp:
		if v.Op == token.MUL {
			if inCheck {
				p.then = true
				return
			}
			if fa, ok := v.X.(*ssa.FieldAddr); ok && p.act.inside[instr] {
				// A field of what was found, or of what is there now.
				p.now = true
				p.add(fa.X)
				return
			}
		}
		p.add(v.X)
	case *ssa.Lookup, *ssa.Extract, *ssa.TypeAssert:
		if inCheck {
			p.then = true
			return
		}
		for _, op := range instr.Operands(nil) {
			p.add(*op)
		}
	case *ssa.Call:
		if inCheck {
			p.then = true
			return
		}
		if p.act.inside[instr] {
			p.now = true
			for _, a := range v.Call.Args {
				p.add(a)
			}
		}
	case *ssa.BinOp:
		p.add(v.X)
		p.add(v.Y)
	case *ssa.Phi:
		for _, e := range v.Edges {
			p.add(e)
		}
	}
}

// declines reports whether act, having looked at something that changes, may leave
// everything as it is: then it decides for itself.
func (c *checker) declines(act *section) bool {
	for instr := range act.inside {
		br, ok := instr.(*ssa.If)
		if !ok || !c.looks(br.Cond, act, map[ssa.Value]bool{}) {
			continue
		}
		for i, succ := range br.Block().Succs {
			if c.writeless(succ, act) && !c.writeless(br.Block().Succs[1-i], act) {
				return true
			}
		}
	}
	return false
}

// looks reports whether a condition rests on a field that changes, as it is in the
// section.
func (c *checker) looks(v ssa.Value, in *section, seen map[ssa.Value]bool) bool {
	instr, ok := v.(ssa.Instruction)
	if !ok || seen[v] || !in.inside[instr] {
		return false
	}
	seen[v] = true
	if field, ok := in.values[v]; ok {
		return c.mutable[field]
	}
	for _, op := range instr.Operands(nil) {
		if *op != nil && c.looks(*op, in, seen) {
			return true
		}
	}
	return false
}

// writeless reports whether no way from a block on writes a field before the
// section ends.
func (c *checker) writeless(b *ssa.BasicBlock, in *section) bool {
	seen := map[*ssa.BasicBlock]bool{}
	var walk func(b *ssa.BasicBlock) bool
	walk = func(b *ssa.BasicBlock) bool {
		if seen[b] {
			return true
		}
		seen[b] = true
		for _, instr := range b.Instrs {
			if !in.inside[instr] || slices.Contains(in.end, instr) {
				return true
			}
			for _, a := range c.byInstr[instr] {
				if a.Write {
					return false
				}
			}
			if call, ok := instr.(*ssa.Call); ok {
				if g := c.locks.Callee(&call.Call); g != nil {
					inner := newSection(in.key, call)
					c.absorb(inner, g, map[*lockset.Func]bool{})
					if len(inner.writes) > 0 {
						return false
					}
				}
			}
		}
		for _, succ := range b.Succs {
			if !walk(succ) {
				return false
			}
		}
		return true
	}
	return walk(b)
}

func (c *checker) anyMutable(check *section, v ssa.Value) bool {
	if _, ok := v.(*ssa.Call); !ok {
		return false
	}
	for field := range check.reads {
		if c.mutable[field] {
			return true
		}
	}
	return false
}

func sortedValues(m map[ssa.Value]lockset.Field) []ssa.Value {
	return slices.SortedFunc(maps.Keys(m), func(a, b ssa.Value) int {
		return cmp.Or(cmp.Compare(a.Pos(), b.Pos()), cmp.Compare(a.Name(), b.Name()))
	})
}

func touches(set map[lockset.Field]token.Pos, field lockset.Field) bool {
	for x := range set {
		if x.Overlaps(field) {
			return true
		}
	}
	return false
}

func anyTouch(a, b map[lockset.Field]token.Pos) bool {
	for x := range b {
		if touches(a, x) {
			return true
		}
	}
	return false
}

// overwrites reports whether act writes what check read.
func overwrites(act, check *section) bool { return anyTouch(act.writes, check.reads) }

// follows reports whether control gets from the end of check to act with
// nothing in between that waits or calls what we do not know: then other rules
// of the game may hold.
func (c *checker) follows(check, act *section) bool {
	for _, end := range check.end {
		seen := map[*ssa.BasicBlock]bool{}
		var walk func(b *ssa.BasicBlock, from int) bool
		walk = func(b *ssa.BasicBlock, from int) bool {
			for _, instr := range b.Instrs[from:] {
				if instr == act.start {
					return true
				}
				switch instr := instr.(type) {
				case *ssa.Select, *ssa.Send, *ssa.Go, *ssa.RunDefers:
					return false
				case *ssa.UnOp:
					if instr.Op == token.ARROW {
						return false
					}
				case *ssa.Call:
					if _, ok := instr.Call.Value.(*ssa.Builtin); !ok {
						return false
					}
				}
			}
			for _, succ := range b.Succs {
				if !seen[succ] && !succ.Dominates(check.start.Block()) {
					seen[succ] = true
					if walk(succ, 0) {
						return true
					}
				}
			}
			return false
		}
		b := end.Block()
		for i, instr := range b.Instrs {
			if instr == end && walk(b, i+1) {
				return true
			}
		}
	}
	return false
}

// decides reports whether a branch on the value leads either to act or past it.
func decides(v ssa.Value, check, act *section) bool {
	for _, br := range branches(v, map[ssa.Value]bool{}) {
		b := br.Block()
		if b == act.start.Block() || !check.start.Block().Dominates(b) || !b.Dominates(act.start.Block()) {
			continue
		}
		if lockset.Leads(b.Succs[0], act.start.Block()) != lockset.Leads(b.Succs[1], act.start.Block()) {
			return true
		}
	}
	return false
}

// branches are the conditions that a value has a part in.
func branches(v ssa.Value, seen map[ssa.Value]bool) []*ssa.If {
	if seen[v] || v.Referrers() == nil || len(seen) > 100 {
		return nil
	}
	seen[v] = true
	var out []*ssa.If
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.If:
			out = append(out, ref)
		case *ssa.BinOp, *ssa.UnOp, *ssa.Extract, *ssa.Phi, *ssa.Field:
			out = append(out, branches(ref.(ssa.Value), seen)...)
		case *ssa.Call:
			if b, ok := ref.Call.Value.(*ssa.Builtin); ok && b.Name() == "len" {
				out = append(out, branches(ref, seen)...)
			}
		}
	}
	return out
}

// returned reports whether f returns the value as it is.
func returned(f *lockset.Func, v ssa.Value) bool {
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Return:
			if ref.Parent() == f.Fn {
				return true
			}
		case *ssa.Store:
			// A function that defers has its results in variables.
			alloc, ok := ref.Addr.(*ssa.Alloc)
			if !ok || ref.Val != v {
				continue
			}
			for _, use := range *alloc.Referrers() {
				if load, ok := use.(*ssa.UnOp); ok && returned(f, load) {
					return true
				}
			}
		}
	}
	return false
}
