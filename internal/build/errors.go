package build

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"racebench/internal/result"
)

// CompileError says that the candidate's sources do not compile. That is the
// candidate's fault, unlike any other error of a build.
type CompileError struct {
	// Output is what the compiler said, with the candidate's own paths.
	Output string
	// Positions are the places it named, in its order.
	Positions []result.Position
}

// Error returns the compiler's first line.
func (e *CompileError) Error() string {
	first, _, more := strings.Cut(e.Output, "\n")
	if more {
		return fmt.Sprintf("does not compile: %s (and more)", first)
	}
	return "does not compile: " + first
}

// Finding is the compile error as a finding of kind build.
func (e *CompileError) Finding() result.Finding {
	f := result.Finding{
		ID:        "build/compile",
		Kind:      result.Build,
		Origin:    result.FromCandidate,
		Severity:  result.Error,
		Message:   e.Error(),
		Positions: e.Positions,
		Detail:    strings.Split(e.Output, "\n"),
		Confirmed: true,
	}
	if len(e.Positions) > 0 {
		component, _, _ := strings.Cut(e.Positions[0].File, "/")
		f.Component = result.Component(component)
		f.ID = fmt.Sprintf("build/compile/%s:%d", e.Positions[0].File, e.Positions[0].Line)
	}
	return f
}

// diagnostic matches the start of a compiler's line, as the go command prints
// it from the module's root, and the candidate's file if it is about one.
var diagnostic = regexp.MustCompile(`^(?:\./)?(?:internal/((?:cache|counter|workerpool)/[^/:]+\.go)|[\w./-]+\.go):(\d+)(?::(\d+))?: `)

// compileError reads the output of a failed "go build"; nil if compiler and
// linker found nothing wrong. A complaint about a file of ours is the candidate's
// fault, too: with the built-in components the same files compile, so the
// candidate changed something that they use.
func compileError(output string) *CompileError {
	e := new(CompileError)
	var lines []string
	compiler := false
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "# ") || strings.TrimSpace(line) == "" {
			continue
		}
		if m := diagnostic.FindStringSubmatch(line); m != nil {
			compiler = true
			if m[1] != "" {
				at := result.Position{File: m[1]}
				at.Line, _ = strconv.Atoi(m[2])
				at.Column, _ = strconv.Atoi(m[3])
				e.Positions = append(e.Positions, at)
			} else {
				line = "racebench's " + strings.TrimPrefix(line, "./")
			}
		}
		line = candidatePaths.ReplaceAllString(line, "$1")
		if linking.MatchString(line) && !compiler {
			// What the linker says before is about its sections.
			compiler = true
			lines = slices.Insert(lines, 0, line)
			continue
		}
		lines = append(lines, line)
	}
	if !compiler {
		return nil
	}
	e.Output = strings.Join(lines, "\n")
	return e
}

// linking matches what the linker says of a symbol of the candidate's.
var linking = regexp.MustCompile(`(?:^|: )racebench/internal/(?:cache|counter|workerpool)\.`)

// limitError reads the output of a build that ran into a limit; nil for any
// other.
func limitError(output string, err error) *CompileError {
	switch {
	case errors.Is(err, ErrBuildTimeout):
		return &CompileError{Output: "the compiler takes too long: " + err.Error()}
	case errors.Is(err, errBuildCPU):
		return &CompileError{Output: fmt.Sprintf("the compiler needs more than %v of processor time", maxCPU)}
	case strings.Contains(output, "file too large"):
		return &CompileError{Output: fmt.Sprintf("the compiled code is larger than %d MiB", maxOutput>>20)}
	case strings.Contains(output, "out of memory"), strings.Contains(output, "cannot allocate memory"):
		return &CompileError{Output: fmt.Sprintf("the compiler needs more than %d GiB of memory", maxMemory>>30)}
	}
	return nil
}

// loadError reads the output of a "go build" that refused a package of the
// candidate's before it compiled anything; nil for any other. The built-in
// components are not refused.
func loadError(output string) *CompileError {
	m := refused.FindStringSubmatch(output)
	if m == nil {
		return nil
	}
	return &CompileError{Output: m[1] + ": " + m[2], Positions: []result.Position{{File: m[1]}}}
}

// refused matches what the go command says of a package that it cannot load.
var refused = regexp.MustCompile(`(?m)\bracebench/internal/(cache|counter|workerpool): (.+)$`)

// candidatePaths matches a path of the laid-out module inside a message.
var candidatePaths = regexp.MustCompile(`(?:racebench/|\./)?\binternal/((?:cache|counter|workerpool)/[^/:\s]+\.go)\b`)

// SourcePath maps the file of a stack frame in a worker to the path inside the
// candidate's folder, such as "cache/cache.go". It knows the trimmed paths of
// workers that were built for the candidate, and the paths of the components
// that are compiled into racebench itself. ok is false for a frame of anybody
// else's.
func SourcePath(frame string) (path string, ok bool) {
	m := framePath.FindStringSubmatch(frame)
	if m == nil {
		return "", false
	}
	return m[1], true
}

var framePath = regexp.MustCompile(`(?:^|/)internal/((?:cache|counter|workerpool)/[^/]+\.go)$`)
