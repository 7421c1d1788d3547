package runner

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
)

var self = os.Getpid()

// timerNames are what makes a goroutine wait for a clock other than by
// sleeping, which a dump shows.
var timerNames = map[string]map[string]bool{
	"time":    {"After": true, "AfterFunc": true, "NewTimer": true, "NewTicker": true, "Tick": true, "Timer": true, "Ticker": true},
	"context": {"WithTimeout": true, "WithTimeoutCause": true, "WithDeadline": true, "WithDeadlineCause": true},
}

// timers reports whether the judged code may use timers: then a goroutine that
// waits for a channel may be woken by a clock. It is assumed where the sources
// are not known or cannot be read.
func timers(sources map[string][]byte) bool {
	if len(sources) == 0 {
		return true
	}
	for name, text := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			return true
		}
		used := false
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				// Renamed imports are found by the name alone: better one
				// assumption too many.
				for _, names := range timerNames {
					used = used || names[sel.Sel.Name]
				}
			}
			return !used
		})
		if used {
			return true
		}
	}
	return false
}
