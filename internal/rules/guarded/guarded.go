package guarded

import (
	"fmt"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "guardedandbare",
	Doc:      "report fields that are guarded by a lock in one place and bare in another",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

type sighting struct {
	access lockset.Access
	lock   string
	view   lockset.View
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	var guarded, bare []sighting
	written := map[lockset.Field][]lockset.Access{}
	all := locks.Accesses()
	for _, a := range all {
		if a.Fresh || a.Hook {
			continue
		}
		if a.Write {
			written[a.Field] = append(written[a.Field], a)
		}
		for _, v := range a.Views {
			if v.Unknown {
				continue
			}
			for lock := range a.Guards(v) {
				// A package's lock that is held while a helper's object is
				// used need not be for that object.
				if strings.HasPrefix(lock, "package ") && !a.Field.Owner.Exported() {
					continue
				}
				guarded = append(guarded, sighting{a, lock, v})
			}
			// After waiting for another goroutine a lock may be needless.
			if v.Bare && !v.Synced {
				bare = append(bare, sighting{a, "", v})
			}
		}
	}
	reported := map[token.Pos]bool{}
	// Of x++ the write says more than the read.
	slices.SortStableFunc(bare, func(a, b sighting) int {
		if a.access.Write == b.access.Write {
			return 0
		}
		if a.access.Write {
			return -1
		}
		return 1
	})
	for _, b := range bare {
		if reported[b.access.Pos] || b.excused(written) || b.published(locks, all) {
			continue
		}
		g, ok := counterpart(guarded, b)
		if !ok || !believed(guarded, bare, b) {
			continue
		}
		reported[b.access.Pos] = true
		verb := "read"
		if b.access.Write {
			verb = "written"
		}
		pass.Report(analysis.Diagnostic{
			Pos:     b.access.Pos,
			Message: fmt.Sprintf("%s is %s without a lock here, but under %s elsewhere", b.access.Field, verb, g.lock),
			Related: []analysis.RelatedInformation{{Pos: g.access.Pos, Message: "guarded by " + g.lock}},
		})
	}
	return nil, nil
}

// counterpart is a guarded access that races with the bare one. One that
// writes is preferred; two reads do not race.
func counterpart(guarded []sighting, b sighting) (best sighting, ok bool) {
	for _, g := range guarded {
		if !g.access.Field.Overlaps(b.access.Field) || !g.access.Write && !b.access.Write {
			continue
		}
		better := !ok || g.access.Write && !best.access.Write ||
			g.access.Write == best.access.Write && (g.access.Pos < best.access.Pos || g.access.Pos == best.access.Pos && g.lock < best.lock)
		if better {
			best, ok = g, true
		}
	}
	return best, ok
}

// believed reports whether the code believes in a lock for the field: at least
// as many functions use it under one as without (Engler et al., "Bugs as
// deviant behavior", SOSP 2001). A store of nil at the end of the object's
// life says nothing about the time before.
func believed(guarded, bare []sighting, b sighting) bool {
	functions := func(all []sighting) int {
		seen := map[*ssa.Function]bool{}
		for _, s := range all {
			if !s.access.Field.Overlaps(b.access.Field) || isNilStore(s.access) {
				continue
			}
			fn := s.access.Func.Fn
			for fn.Parent() != nil {
				fn = fn.Parent()
			}
			seen[fn] = true
		}
		return len(seen)
	}
	n := functions(guarded)
	return n > 0 && n >= functions(bare)
}

func isNilStore(a lockset.Access) bool {
	st, ok := a.Instr.(*ssa.Store)
	if !ok {
		return false
	}
	c, ok := st.Val.(*ssa.Const)
	return ok && c.Value == nil && lockset.CanBeNil(c.Type())
}

// excused reports whether the order of the accesses may come from something
// that is not a lock.
func (b sighting) excused(written map[lockset.Field][]lockset.Access) bool {
	teardown := !b.access.Write
	for field, accesses := range written {
		for _, a := range accesses {
			if field.Overlaps(b.access.Field) && !isNilStore(a) {
				teardown = false
			}
		}
	}
	if teardown {
		return true
	}
	origin := b.view.Context.Origin
	if origin == nil {
		return false
	}
	// A goroutine may read bare what nobody but itself writes.
	alone := true
	for field, accesses := range written {
		if !field.Overlaps(b.access.Field) {
			continue
		}
		for _, a := range accesses {
			for _, v := range a.Views {
				if v.Context.Origin != origin {
					alone = false
				}
			}
		}
	}
	if alone {
		return true
	}
	// It may read what was written before it was started.
	if starter := origin.Parent(); starter != nil && !b.access.Write {
		for field, accesses := range written {
			for _, a := range accesses {
				if field.Overlaps(b.access.Field) && a.Func.Fn == starter {
					return true
				}
			}
		}
	}
	// It may write bare what others read after it has signalled them.
	return b.access.Write && releases(b.access.Func.Fn)
}

// published reports whether a helper's object, such as a flight or a latch, is
// written plainly before its lock is taken to set another field: who has seen that
// field under the lock sees what was written before.
func (b sighting) published(locks *lockset.Result, all []lockset.Access) bool {
	st, ok := b.access.Instr.(*ssa.Store)
	if !ok || b.access.Field.Owner == nil || b.access.Field.Owner.Exported() {
		return false
	}
	for _, a := range all {
		if !a.Write && a.Func == b.access.Func && a.Field == b.access.Field {
			return false // it is changed, not given
		}
	}
	for _, a := range all {
		other, ok := a.Instr.(*ssa.Store)
		if !ok || a.Field.Overlaps(b.access.Field) || !follows(locks, st, b.access, other, a) {
			continue
		}
		for _, v := range a.Views {
			if len(a.Guards(v)) > 0 {
				return true
			}
		}
	}
	return false
}

// follows reports whether a store comes after another one to the same object: in
// the same function, or in a method that this calls or defers.
func follows(locks *lockset.Result, st *ssa.Store, here lockset.Access, other *ssa.Store, there lockset.Access) bool {
	if there.Func == here.Func {
		return there.Object == here.Object && lockset.ComesBefore(st, other)
	}
	if params := there.Func.Fn.Params; len(params) == 0 || there.Object != (lockset.Key{Root: params[0]}) {
		return false
	}
	for _, c := range there.Func.Calls {
		if c.Caller != here.Func || len(c.Args) == 0 || locks.Resolve(c.Args[0]) != here.Object {
			continue
		}
		if c.Kind == lockset.Deferred || c.Kind == lockset.Direct && lockset.ComesBefore(st, c.Instr) {
			return true
		}
	}
	return false
}

// releases reports whether a function, or one around it, signals other
// goroutines by something else than a lock.
func releases(fn *ssa.Function) bool {
	for ; fn != nil; fn = fn.Parent() {
		for _, block := range fn.Blocks {
			for _, instr := range block.Instrs {
				switch instr := instr.(type) {
				case *ssa.Send:
					return true
				case *ssa.Select:
					return true
				case ssa.CallInstruction:
					c := instr.Common()
					if b, ok := c.Value.(*ssa.Builtin); ok && b.Name() == "close" {
						return true
					}
					if callee := c.StaticCallee(); callee != nil && callee.Object() != nil && callee.Object().Pkg() != nil {
						switch callee.Object().Pkg().Path() {
						case "sync/atomic":
							return true
						case "sync":
							if callee.Name() == "Done" {
								return true
							}
						}
					}
				}
			}
		}
	}
	return false
}
