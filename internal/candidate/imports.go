package candidate

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strconv"
	"strings"

	"racebench/internal/result"
)

// allowedImports is the contract's literal list.
var allowedImports = set(`cmp container/heap container/list container/ring context errors fmt hash/maphash iter
	maps math math/bits math/rand/v2 slices sort strconv strings sync sync/atomic time`)

// allowedSymbols are the packages of which only some names may be used.
var allowedSymbols = map[string][]string{
	"runtime":       {"Gosched", "NumCPU"},
	"runtime/debug": {"Stack"},
}

// tricks says what a forbidden package is good for in a candidate. A path that
// ends in a slash stands for everything below it.
var tricks = map[string]string{
	"C":          "cgo: native code escapes the race detector and may run before main",
	"bufio":      "reading and writing are not the candidate's business",
	"embed":      "files are put into the binary (//go:embed)",
	"expvar":     "it opens the process to the network",
	"flag":       "it reads the command line (os.Args)",
	"internal/":  "packages that are internal to Go reach into the runtime",
	"io":         "reading and writing are not the candidate's business",
	"log":        "it could end the process (log.Fatal)",
	"log/":       "it could end the process (log.Fatal)",
	"net":        "it could reach the network",
	"net/":       "it could reach the network",
	"os":         "it could end the process (os.Exit), and reads the environment, the arguments and the judge's files",
	"os/exec":    "it could start other processes: a daemon, a fork bomb, a re-exec of itself without race reports",
	"os/signal":  "it could ignore the signals that are to stop it",
	"plugin":     "it loads prebuilt code",
	"racebench/": "it reaches for the judge's own packages: the reference implementation and the expected values",
	"reflect":    "it could inspect and change the judge's values",
	"runtime/":   "it changes or watches the runtime that it is judged in",
	"syscall":    "it could end the process (syscall.Exit) or start others",
	"syscall/":   "it could end the process (syscall.Exit) or start others",
	"testing":    "it could tell that it is being tested",
	"testing/":   "it could tell that it is being tested",
	"text/":      "it works by reflection",
	"encoding/":  "it works by reflection",
	"unsafe":     "it could change the judge's memory and patch its code",
	"weak":       "it watches the garbage collector",
	"unique":     "it keeps values in a table that all instances share",
	"math/rand":  "use math/rand/v2",
}

// symbolTricks says what a forbidden name of a partly allowed package is good
// for.
var symbolTricks = map[string]string{
	"runtime.GOMAXPROCS":          "it changes how many goroutines run at once, to look safe",
	"runtime.LockOSThread":        "it binds goroutines to threads, to look fast or safe",
	"runtime.GC":                  "it drives the garbage collector, whose leak profile judges it",
	"runtime.Goexit":              "it could end a goroutine of the judge",
	"runtime.NumGoroutine":        "it could behave only while it is judged",
	"runtime.Stack":               "it looks at the call stack, to behave only while it is judged",
	"runtime.Caller":              "it looks at the call stack, to behave only while it is judged",
	"runtime.Callers":             "it looks at the call stack, to behave only while it is judged",
	"runtime.CallersFrames":       "it looks at the call stack, to behave only while it is judged",
	"runtime.FuncForPC":           "it looks at the call stack, to behave only while it is judged",
	"runtime.Breakpoint":          "it stops the process",
	"runtime.SetFinalizer":        "it hides goroutines from the leak profile",
	"runtime.AddCleanup":          "it hides goroutines from the leak profile",
	"runtime/debug.SetGCPercent":  "it switches the garbage collector off, to look fast",
	"runtime/debug.ReadBuildInfo": "it could tell whether the race detector is on",
	"runtime/debug.SetMaxStack":   "it changes the limits of the process",
	"runtime/debug.SetMaxThreads": "it changes the limits of the process",
	"runtime/debug.SetTraceback":  "it changes the reports by which it is judged",
}

// trick explains why an import path is refused.
func trick(imported string) string {
	if why := tricks[imported]; why != "" {
		return why
	}
	for dir := imported; dir != "." && dir != "/"; dir = path.Dir(dir) {
		if why := tricks[dir+"/"]; why != "" {
			return why
		}
	}
	if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
		return "it is not of the standard library"
	}
	return "it is not among the imports that the contract allows"
}

// checkImports compares the imports of a file with the contract's list.
func (c *Candidate) checkImports(fset *token.FileSet, s *source) {
	for _, spec := range s.file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // The parser has reported it.
		}
		where := position(fset, s, spec.Pos())
		names, partly := allowedSymbols[imported]
		switch {
		case allowedImports[imported]:
		case partly && spec.Name != nil && spec.Name.Name == ".":
			c.add(result.API, s.component, where, "import",
				fmt.Sprintf("imports %s into the file's own names; only %s may be used, and must be seen to be used", imported, symbols(imported, names)))
		case partly:
			// checkSymbols looks at what is used of it.
		default:
			kind := result.API
			if imported == "C" || imported == "unsafe" {
				kind = result.Hostile
			}
			c.add(kind, s.component, where, "import", fmt.Sprintf("imports %s: %s", printable(imported), trick(imported)))
		}
	}
}

// checkSymbols finds the uses of names that the contract does not allow, of
// packages of which it allows some.
func (c *Candidate) checkSymbols(fset *token.FileSet, sources []*source, info *types.Info) {
	for _, s := range sources {
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			id, ok := ast.Unparen(sel.X).(*ast.Ident)
			if !ok {
				return true
			}
			pkg, ok := info.Uses[id].(*types.PkgName)
			if !ok {
				return true
			}
			imported := pkg.Imported().Path()
			names, partly := allowedSymbols[imported]
			if !partly || slices.Contains(names, sel.Sel.Name) {
				return true
			}
			symbol := imported + "." + sel.Sel.Name
			why := symbolTricks[symbol]
			if why == "" {
				why = "it changes or watches the runtime that it is judged in"
			}
			c.add(result.API, s.component, position(fset, s, sel.Pos()), "symbol",
				fmt.Sprintf("uses %s: %s; of this package only %s may be used", symbol, why, symbols(imported, names)))
			return true
		})
	}
}

// symbols lists names of a package for a message.
func symbols(imported string, names []string) string {
	var full []string
	for _, name := range names {
		full = append(full, imported+"."+name)
	}
	return strings.Join(full, " and ")
}
