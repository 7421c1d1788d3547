// Package place says which code a stack frame belongs to: a component that is
// judged, the harness around it, or the standard library.
package place

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"racebench/internal/result"
)

const module = "racebench/internal/"

// Frame is one call of a stack as the Go runtime or the race detector prints
// it: the function with its import path, the file as compiled, the line.
type Frame struct {
	Function string
	File     string
	Line     int
}

// bare removes type parameters, whose text may hold dots and slashes.
func bare(function string) string {
	if !strings.Contains(function, "[") {
		return function
	}
	var b strings.Builder
	depth := 0
	for _, r := range function {
		switch r {
		case '[':
			depth++
		case ']':
			depth = max(depth-1, 0)
		default:
			if depth == 0 {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}

// split cuts a function's name into import path and the name in the package.
func split(function string) (pkg, name string) {
	function = bare(function)
	slash := strings.LastIndexByte(function, '/')
	dot := strings.IndexByte(function[slash+1:], '.')
	if dot < 0 {
		return function, ""
	}
	dot += slash + 1
	return function[:dot], function[dot+1:]
}

// Package is the import path of the frame's function.
func (f Frame) Package() string {
	pkg, _ := split(f.Function)
	return pkg
}

// ours finds the folder of a file of racebench's own, or of a candidate laid out
// beside it.
var ours = regexp.MustCompile(`(?:^|/)internal/((?:scenarios/)?[a-z]+)/[^/]+\.go$`)

// folder is the folder below internal that holds the frame's code; empty for
// anybody else's. The file decides: a closure that was inlined bears the name of
// the function, and the package, that it was inlined into.
func (f Frame) folder() string {
	if m := ours.FindStringSubmatch(f.File); m != nil {
		// The standard library has folders called internal, too.
		if strings.HasPrefix(f.Function, module) || strings.HasPrefix(f.Function, "main.") {
			return m[1]
		}
		return ""
	}
	if f.File != "" {
		return ""
	}
	below, ok := strings.CutPrefix(f.Package(), module)
	if !ok {
		return ""
	}
	return below
}

// room is the first of the folders.
func (f Frame) room() string {
	first, _, _ := strings.Cut(f.folder(), "/")
	return first
}

// Component is the component whose code the frame runs, if any.
func (f Frame) Component() (result.Component, bool) {
	c := result.Component(f.room())
	return c, slices.Contains(result.Components(), c)
}

// Judged reports whether the frame runs code under judgement: a component's, or
// a planted defect's.
func (f Frame) Judged() bool {
	_, ok := f.Component()
	return ok || f.room() == "planted"
}

// Scenario reports whether the frame runs a scenario.
func (f Frame) Scenario() bool { return f.room() == "scenarios" }

// Worker reports whether the frame runs the worker's own loop.
func (f Frame) Worker() bool { return f.room() == "worker" }

// Ours reports whether the frame runs code of racebench or of a candidate laid out
// beside it.
func (f Frame) Ours() bool { return f.room() != "" || f.Package() == "main" }

// Hidden reports whether the frame is noise of the build step, which no reader
// needs to see.
func (f Frame) Hidden() bool { return f.room() == "noise" }

// Position is the frame as a reader knows it: a component's file relative to
// the candidate's folder, other files by package and name, functions without
// type parameters.
func (f Frame) Position() result.Position {
	pkg, name := split(f.Function)
	base := path.Base(strings.ReplaceAll(f.File, `\`, "/"))
	dir := pkg
	short := path.Base(pkg)
	if c, ok := f.Component(); ok {
		dir = string(c)
	} else if folder := f.folder(); folder != "" {
		dir = "internal/" + folder
	}
	p := result.Position{File: dir + "/" + base, Line: f.Line, Function: short}
	if f.File == "" {
		p.File = dir
	}
	if name != "" {
		p.Function = short + "." + name
	}
	return p
}

// Positions converts a stack, leaving out hidden frames and those of the
// runtime, also where it goes by another package's name.
func Positions(frames []Frame) []result.Position {
	var list []result.Position
	for _, f := range frames {
		pkg, name := split(f.Function)
		if f.Hidden() || pkg == "runtime" || pkg == "internal/sync" || strings.HasPrefix(name, "runtime_") {
			continue
		}
		list = append(list, f.Position())
	}
	return list
}

// Innermost returns the innermost judged frame: where a component is at.
func Innermost(frames []Frame) (Frame, bool) {
	for _, f := range frames {
		if f.Judged() {
			return f, true
		}
	}
	return Frame{}, false
}

// Entry returns the outermost judged frame: the call by which a scenario
// entered the component.
func Entry(frames []Frame) (Frame, bool) {
	for i := len(frames) - 1; i >= 0; i-- {
		if frames[i].Judged() {
			return frames[i], true
		}
	}
	return Frame{}, false
}
