package relock

import (
	"fmt"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"racebench/internal/rules/lockset"
)

var analyzer = &analysis.Analyzer{
	Name:     "relock",
	Doc:      "report locks taken by a goroutine that holds them already",
	Requires: []*analysis.Analyzer{lockset.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	locks := pass.ResultOf[lockset.Analyzer].(*lockset.Result)
	type report struct{ at, related token.Pos }
	reported := map[report]bool{}
	for _, f := range locks.Funcs {
		for _, b := range f.Fn.Blocks {
			for _, instr := range b.Instrs {
				call, ok := instr.(*ssa.Call)
				if !ok {
					continue
				}
				op, k, ok := locks.LockOperation(&call.Call)
				if !ok || op != lockset.Lock && op != lockset.RLock || k.Root == nil {
					continue
				}
				s := f.Before(instr)
				if s == nil || s.Unknown {
					continue
				}
				if held, ok := s.Held[k]; ok && !isGate(k) {
					pass.Reportf(call.Pos(), "%s", message(k, op, held))
					continue
				}
				if lockset.OnFlag(b) {
					continue // func (c *T) get(locked bool)
				}
				for _, v := range locks.Views(f, instr) {
					held, ok := v.Locks[k]
					if !ok || v.Unknown || v.Context.Call == nil {
						continue
					}
					at := v.Context.Call.Instr.Pos()
					r := report{at, call.Pos()}
					if reported[r] {
						continue
					}
					reported[r] = true
					pass.Report(analysis.Diagnostic{
						Pos:     at,
						Message: message(k, op, held) + " in the function called here",
						Related: []analysis.RelatedInformation{{Pos: call.Pos(), Message: "taken a second time"}},
					})
				}
			}
		}
	}
	return nil, nil
}

// isGate reports whether a lock is a variable of the function whose address goes
// elsewhere: who takes it twice may wait for another goroutine to give it back.
func isGate(k lockset.Key) bool {
	alloc, ok := k.Root.(*ssa.Alloc)
	if !ok || k.Path != "" || !lockset.IsMutex(alloc.Type()) {
		return false
	}
	for _, ref := range *alloc.Referrers() {
		switch ref := ref.(type) {
		case *ssa.DebugRef:
		case ssa.CallInstruction:
			if fn := ref.Common().StaticCallee(); fn == nil || fn.Signature.Recv() == nil || len(ref.Common().Args) != 1 {
				return true
			}
		default:
			return true
		}
	}
	return false
}

func message(k lockset.Key, op lockset.Operation, held lockset.Mode) string {
	switch {
	case op == lockset.Lock && held == lockset.Read:
		return fmt.Sprintf("%s is held for reading and taken for writing: it waits for itself", k.Name())
	case op == lockset.RLock && held == lockset.Read:
		return fmt.Sprintf("%s is held for reading and taken for reading again: with a writer waiting in between, neither goes on", k.Name())
	}
	return fmt.Sprintf("%s is held and taken again: it waits for itself", k.Name())
}
