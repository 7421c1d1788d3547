// Package trace holds what happened in one schedule, step by step, as data
// that reports are made from.
package trace

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// A Frame is one place in a stack.
type Frame struct {
	Func string `json:"func"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// String returns the frame as file.go:12, without folders.
func (f Frame) String() string {
	if f.File == "" {
		return "?"
	}
	return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
}

// name is the function's or method's own name, that of the outer one for a
// function literal: Get for cache.(*Cache[...]).Get.func1.
func (f Frame) name() string {
	var plain strings.Builder // without type arguments, which hold dots and slashes
	depth := 0
	for _, r := range f.Func {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			plain.WriteRune(r)
		}
	}
	name := plain.String()
	name = name[strings.LastIndex(name, "/")+1:]
	if _, method, ok := strings.Cut(name, ")."); ok {
		name = method
	} else {
		_, name, _ = strings.Cut(name, ".")
	}
	name, _, _ = strings.Cut(name, ".")
	return name
}

// library are the beginnings of function names that belong to Go's own
// machinery and say nothing about the program.
var library = []string{"runtime.", "sync.", "sync/atomic.", "internal/", "testing.", "runtime/", "time.", "context.", "racecall"}

// Library reports whether a frame belongs to Go's own machinery.
func (f Frame) Library() bool {
	for _, p := range library {
		if strings.HasPrefix(f.Func, p) {
			return true
		}
	}
	return false
}

// User returns the innermost frame that is not Go's own machinery, or the
// zero Frame.
func User(stack []Frame) Frame {
	for _, f := range stack {
		if !f.Library() {
			return f
		}
	}
	return Frame{}
}

// Fold drops Go's own frames from a stack.
func Fold(stack []Frame) []Frame {
	var kept []Frame
	for _, f := range stack {
		if !f.Library() {
			kept = append(kept, f)
		}
	}
	return kept
}

// A Goroutine is one goroutine of a schedule.
type Goroutine struct {
	ID      int    `json:"id"`   // in order of creation; 1 runs the test's root
	Name    string `json:"name"` // path of creation: "1.2" is the second child of 1
	Parent  int    `json:"parent"`
	Created Frame  `json:"created"`
	Ended   bool   `json:"ended"`
}

// A Step is one operation of one goroutine.
type Step struct {
	Goroutine int           `json:"g"`
	Op        Op            `json:"op"`
	Phase     Phase         `json:"phase"` // Before or Blocked
	Occ       int           `json:"occurrence"`
	Object    string        `json:"object,omitempty"` // "mutex 1", numbered in order of appearance
	Frame     Frame         `json:"frame"`            // in the program
	Stack     []Frame       `json:"stack,omitempty"`  // innermost first, machinery folded
	Choices   int           `json:"choices"`          // other goroutines that could have run
	Now       time.Duration `json:"now"`              // virtual time since the start
	Wait      string        `json:"wait,omitempty"`   // the runtime's wait reason when blocked
	Switch    int           `json:"switch,omitempty"` // goroutine that the schedule switches to here instead, 0: none
	Decisive  bool          `json:"decisive"`         // the schedule deviates from the default here
}

// A Trace is everything that happened in one schedule.
type Trace struct {
	Goroutines []Goroutine `json:"goroutines"`
	Steps      []Step      `json:"steps"`
	Truncated  bool        `json:"truncated,omitempty"` // the step buffer was full
	// Omitted steps followed, which say nothing.
	Omitted int `json:"omitted,omitempty"`
	// Objects are the names of the objects in Steps.
	Objects *Objects `json:"-"`
}

// Objects gives names to the addresses of objects, in order of appearance, so
// that traces of the same schedule are equal in every process. What begins at
// the same address is told apart by its kind: a struct, and the mutex that is
// its first field.
type Objects struct {
	names map[object]string
	count map[string]int
}

type object struct {
	addr uint64
	kind string
}

// Name returns the name of the object at addr that op works on, or "".
func (o *Objects) Name(op Op, addr uint64) string {
	kind := op.objectKind()
	if addr == 0 || kind == "" {
		return ""
	}
	if o.names == nil {
		o.names, o.count = map[object]string{}, map[string]int{}
	}
	key := object{addr, kind}
	if n, ok := o.names[key]; ok {
		return n
	}
	o.count[kind]++
	n := fmt.Sprintf("%s %d", kind, o.count[kind])
	o.names[key] = n
	return n
}
