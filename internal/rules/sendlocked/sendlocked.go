package sendlocked

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "sendlocked",
	Doc:      "report blocking sends under a lock that the receiver needs",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

// channel is what is known of the channels in one field.
type channel struct {
	receivers []receive
	// bounded: a channel that is stored there was made with a constant
	// capacity. unbounded: one was not, and one whose capacity is computed may have room for all that can
	// ever be sent.
	bounded, unbounded bool
	// capacity is the constant that it was made with.
	capacity int64
	// measured: somebody asks how full it is, or compares a count of its own
	// with the capacity, and may send only if there is room.
	measured bool
}

type receive struct {
	f  *lockset.Func
	at token.Pos
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	channels := survey(locks)
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				send, ok := instr.(*ssa.Send)
				if !ok {
					continue
				}
				field, ok := fieldOf(send.Chan)
				ch := channels[field]
				if !ok || ch == nil || !ch.bounded || ch.unbounded || ch.measured || len(ch.receivers) == 0 || counted(f) {
					continue
				}
				for _, v := range locks.Views(f, send) {
					class, held, ok := own(locks, send.Chan, v)
					if !ok || v.Unknown || !allNeed(locks, ch, class, held) {
						continue
					}
					pass.Report(analysis.Diagnostic{
						Pos:     send.Pos(),
						Message: fmt.Sprintf("%s is sent to with %s held: when it is full the sender waits for a receiver that waits for the lock", field, class),
						Related: []analysis.RelatedInformation{{Pos: ch.receivers[0].at, Message: "received here"}},
					})
					break
				}
			}
		}
	}
	return nil, nil
}

// survey looks at every use of the channels that lie in fields.
func survey(locks *lockset.Result) map[lockset.Field]*channel {
	out := map[lockset.Field]*channel{}
	compared := map[int64]bool{}
	get := func(v ssa.Value) *channel {
		field, ok := fieldOf(v)
		if !ok {
			return &channel{}
		}
		if out[field] == nil {
			out[field] = &channel{}
		}
		return out[field]
	}
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				switch instr := instr.(type) {
				case *ssa.BinOp:
					for _, v := range []ssa.Value{instr.X, instr.Y} {
						if size, ok := v.(*ssa.Const); ok && isComparison(instr.Op) && size.Value != nil && size.Value.Kind() == constant.Int {
							compared[size.Int64()] = true
						}
					}
				case *ssa.UnOp:
					if instr.Op == token.ARROW {
						ch := get(instr.X)
						ch.receivers = append(ch.receivers, receive{f, instr.Pos()})
					}
				case *ssa.Select:
					for _, st := range instr.States {
						if st.Dir == types.RecvOnly {
							ch := get(st.Chan)
							ch.receivers = append(ch.receivers, receive{f, st.Pos})
						}
					}
				case *ssa.Store:
					to, ok := instr.Addr.(*ssa.FieldAddr)
					if !ok {
						continue
					}
					field, ok := lockset.FieldOf(to)
					if _, isChan := instr.Val.Type().Underlying().(*types.Chan); !ok || !isChan {
						continue
					}
					if out[field] == nil {
						out[field] = &channel{}
					}
					if isQueue(instr.Val) {
						out[field].bounded = true
						out[field].capacity = instr.Val.(*ssa.MakeChan).Size.(*ssa.Const).Int64()
					} else {
						out[field].unbounded = true
					}
				case *ssa.Call:
					if bi, ok := instr.Call.Value.(*ssa.Builtin); ok && (bi.Name() == "len" || bi.Name() == "cap") {
						if _, isChan := instr.Call.Args[0].Type().Underlying().(*types.Chan); isChan {
							get(instr.Call.Args[0]).measured = true
						}
					}
				}
			}
		}
	}
	for _, ch := range out {
		ch.measured = ch.measured || ch.capacity > 0 && compared[ch.capacity]
	}
	return out
}

// counted reports whether a function compares a number, or the length of a list, with
// a constant and takes one from it, or adds one: a count of the goroutines that
// receive, or of the room there is.
func counted(f *lockset.Func) bool {
	compared := map[lockset.Field]bool{}
	changed := map[lockset.Field]bool{}
	for _, b := range f.Fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr := instr.(type) {
			case *ssa.BinOp:
				x := instr.X
				if call, ok := x.(*ssa.Call); ok {
					if b, ok := call.Call.Value.(*ssa.Builtin); ok && b.Name() == "len" {
						x = call.Call.Args[0]
					}
				}
				if field, ok := fieldOf(x); ok && isComparison(instr.Op) {
					if _, ok := instr.Y.(*ssa.Const); ok {
						compared[field] = true
					}
				}
			case *ssa.Store:
				var from ssa.Value
				switch v := instr.Val.(type) {
				case *ssa.BinOp:
					if v.Op == token.SUB || v.Op == token.ADD {
						from = v.X
					}
				case *ssa.Slice:
					from = v.X
				}
				if field, ok := fieldOf(from); ok {
					changed[field] = true
				}
			}
		}
	}
	for field := range changed {
		if compared[field] {
			return true
		}
	}
	return false
}

func isComparison(op token.Token) bool {
	switch op {
	case token.LSS, token.LEQ, token.GTR, token.GEQ, token.EQL, token.NEQ:
		return true
	}
	return false
}

// isQueue reports whether a channel is made with a constant capacity other than
// one: room for one is what a signal has that is given once and taken once.
func isQueue(v ssa.Value) bool {
	made, ok := v.(*ssa.MakeChan)
	if !ok {
		return false
	}
	size, ok := made.Size.(*ssa.Const)
	return ok && size.Int64() != 1
}

// fieldOf is the field that a channel was loaded from.
func fieldOf(v ssa.Value) (lockset.Field, bool) {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return lockset.Field{}, false
	}
	fa, ok := load.X.(*ssa.FieldAddr)
	if !ok {
		return lockset.Field{}, false
	}
	return lockset.FieldOf(fa)
}

// own is a lock that is held and lies in the same object as the channel.
func own(locks *lockset.Result, ch ssa.Value, v lockset.View) (best lockset.Field, mode lockset.Mode, ok bool) {
	obj := locks.Resolve(ch.(*ssa.UnOp).X).Object()
	for k, m := range v.Locks {
		if k.Root == nil || k.Object() != obj {
			continue
		}
		if class, named := k.Class(); named && (!ok || class.Name < best.Name) {
			best, mode, ok = class, m, true
		}
	}
	return best, mode, ok
}

// allNeed reports whether whoever receives also takes the lock somewhere in the
// course of its life.
func allNeed(locks *lockset.Result, ch *channel, class lockset.Field, held lockset.Mode) bool {
	for _, r := range ch.receivers {
		entries := locks.Entries(r.f)
		if len(entries) == 0 {
			return false
		}
		for _, e := range entries {
			if e.API || !takes(locks, e, class, held, map[*lockset.Func]bool{}) {
				return false
			}
		}
	}
	return true
}

// takes reports whether a goroutine that starts at f takes the lock.
func takes(locks *lockset.Result, f *lockset.Func, class lockset.Field, held lockset.Mode, seen map[*lockset.Func]bool) bool {
	if seen[f] {
		return false
	}
	seen[f] = true
	for _, b := range f.Fn.Blocks {
		for _, instr := range b.Instrs {
			ci, ok := instr.(ssa.CallInstruction)
			if _, spawned := instr.(*ssa.Go); !ok || spawned {
				continue
			}
			if op, k, ok := locks.LockOperation(ci.Common()); ok {
				if c, named := k.Class(); named && c == class && (op == lockset.Lock || op == lockset.RLock && held == lockset.Write) {
					return true
				}
				continue
			}
			if g := locks.Callee(ci.Common()); g != nil && takes(locks, g, class, held, seen) {
				return true
			}
		}
	}
	return false
}
