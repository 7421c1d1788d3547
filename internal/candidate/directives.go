package candidate

import (
	"fmt"
	"go/token"
	"strings"

	"racebench/internal/result"
)

// harmless are the directives that change nothing that is judged.
var harmless = set("go:noinline go:generate go:fix")

// directiveTricks says what a refused directive is good for.
var directiveTricks = map[string]string{
	"go:norace":             "hides a function from the race detector",
	"go:linkname":           "reaches unexported functions of the runtime and of the judge",
	"go:embed":              "puts files into the binary",
	"go:build":              "is a build tag, which shows one source to the race detector and another to the benchmark",
	"+build":                "is a build tag, which shows one source to the race detector and another to the benchmark",
	"go:nosplit":            "takes the stack check out of a function",
	"go:noescape":           "lies to the compiler about memory",
	"go:uintptrescapes":     "lies to the compiler about memory",
	"go:uintptrkeepalive":   "lies to the compiler about memory",
	"go:notinheap":          "lies to the compiler about memory",
	"go:systemstack":        "is meant for the runtime alone",
	"go:nowritebarrier":     "is meant for the runtime alone",
	"go:nowritebarrierrec":  "is meant for the runtime alone",
	"go:yeswritebarrierrec": "is meant for the runtime alone",
	"go:nocheckptr":         "switches checks off",
	"go:debug":              "changes the settings of the runtime",
	"go:wasmimport":         "calls functions of the host",
	"go:wasmexport":         "exports functions to the host",
	"line":                  "forges the positions in race reports and findings",
	"export":                "is cgo: native code escapes the race detector",
	"go:cgo_export_dynamic": "is cgo: native code escapes the race detector",
	"go:cgo_export_static":  "is cgo: native code escapes the race detector",
	"go:cgo_import_dynamic": "is cgo: native code escapes the race detector",
	"go:cgo_import_static":  "is cgo: native code escapes the race detector",
	"go:cgo_ldflag":         "is cgo: native code escapes the race detector",
	"go:cgo_unsafe_args":    "is cgo: native code escapes the race detector",
	"extern":                "is a directive of another compiler",
	"go:cgo_dynamic_linker": "is cgo: native code escapes the race detector",
}

// checkDirectives looks at the comments that mean something to a tool. It
// allows those that are known to be harmless, not those that are unknown.
func (c *Candidate) checkDirectives(fset *token.FileSet, s *source) {
	for _, group := range s.file.Comments {
		for _, comment := range group.List {
			name := directive(comment.Text, fset.PositionFor(comment.Pos(), false).Column)
			if name == "" || harmless[name] {
				continue
			}
			why := directiveTricks[name]
			if why == "" {
				why = "is not among those that a candidate may use"
			}
			c.add(result.Hostile, s.component, position(fset, s, comment.Pos()), "directive",
				fmt.Sprintf("the directive //%s %s", printable(name), why))
		}
	}
}

// directive returns the name of the directive that a comment is, such as
// "go:norace", or nothing. The compiler takes //go: and //line at any column
// in some places, so every such comment counts, indented or not.
func directive(comment string, column int) string {
	if rest, ok := strings.CutPrefix(comment, "/*line "); ok && strings.Contains(rest, ":") {
		return "line"
	}
	text, ok := strings.CutPrefix(comment, "//")
	if !ok {
		return ""
	}
	word, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	word, _, _ = strings.Cut(word, "\t")
	glued := text != "" && text[0] != ' ' && text[0] != '\t'
	switch {
	case strings.HasPrefix(word, "+build"):
		// The go command takes it with or without a space, and so "// +build".
		return "+build"
	case !glued:
		return ""
	case strings.HasPrefix(word, "go:"):
		return word
	case word == "line" && strings.Contains(rest, ":") && column == 1:
		return "line"
	case word == "export", word == "extern":
		// Only cgo reads them, at the start of a line; elsewhere it is prose.
		if column == 1 && rest != "" && !strings.Contains(rest, " ") {
			return word
		}
	}
	return ""
}
