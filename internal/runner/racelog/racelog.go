// Package racelog reads the reports of the Go race detector: the file that
// GORACE=log_path names. The format is that of ThreadSanitizer's report printer
// for Go (llvm-project, compiler-rt/lib/tsan/rtl/tsan_report.cpp).
package racelog

import (
	"strconv"
	"strings"

	"racebench/internal/runner/place"
)

// Report is one data race.
type Report struct {
	// Accesses are the conflicting accesses, the one that was caught first and
	// then the previous one.
	Accesses []Access
	// Goroutines says where those who made the accesses were created.
	Goroutines []Creation
}

// Access is one side of a race.
type Access struct {
	// Write, Atomic and Previous as the report says.
	Write    bool
	Atomic   bool
	Previous bool
	// Address is the memory that was accessed, such as 0x00c0000140a8.
	Address string
	// By is "goroutine 8" or "main goroutine".
	By string
	// Frames are innermost first; none if the detector had forgotten them.
	Frames []place.Frame
}

// Creation is where a goroutine came from.
type Creation struct {
	Name   string
	State  string
	Frames []place.Frame
}

const (
	separator = "=================="
	warning   = "WARNING: DATA RACE"
)

// Parse reads all reports of a log, or of the part of a log that begins between
// two reports. It never fails: what is no report is passed over, and a report
// that was cut off is returned as far as it goes if it shows an access.
func Parse(text string) []Report {
	var reports []Report
	var current *Report
	var frames *[]place.Frame
	flush := func() {
		if current != nil && len(current.Accesses) > 0 {
			reports = append(reports, *current)
		}
		current, frames = nil, nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, separator):
			flush()
		case strings.HasPrefix(line, warning):
			flush()
			current = new(Report)
		case current == nil:
		case strings.TrimSpace(line) == "":
			frames = nil
		case strings.HasPrefix(line, "      "):
			if frames != nil && len(*frames) > 0 {
				last := &(*frames)[len(*frames)-1]
				last.File, last.Line = position(strings.TrimSpace(line))
			}
		case strings.HasPrefix(line, "  "):
			if frames != nil && !strings.HasPrefix(line, "  [") {
				name := strings.TrimSuffix(strings.TrimSpace(line), "()")
				*frames = append(*frames, place.Frame{Function: name})
			}
		default:
			frames = nil
			if a, ok := access(line); ok {
				current.Accesses = append(current.Accesses, a)
				frames = &current.Accesses[len(current.Accesses)-1].Frames
			} else if c, ok := creation(line); ok {
				current.Goroutines = append(current.Goroutines, c)
				frames = &current.Goroutines[len(current.Goroutines)-1].Frames
			}
		}
	}
	flush()
	return reports
}

// access reads a line such as "Previous write at 0x00c00009e040 by goroutine 8:".
func access(line string) (Access, bool) {
	var a Access
	what, rest, ok := strings.Cut(line, " at ")
	if !ok {
		return a, false
	}
	for word := range strings.FieldsSeq(strings.ToLower(what)) {
		switch word {
		case "previous":
			a.Previous = true
		case "atomic":
			a.Atomic = true
		case "write":
			a.Write = true
		case "read":
		default:
			return a, false
		}
	}
	a.Address, a.By, ok = strings.Cut(strings.TrimSuffix(rest, ":"), " by ")
	return a, ok
}

// creation reads a line such as "Goroutine 9 (running) created at:".
func creation(line string) (Creation, bool) {
	rest, ok := strings.CutSuffix(line, " created at:")
	if !ok {
		return Creation{}, false
	}
	name, state, _ := strings.Cut(rest, " (")
	if name == "" {
		return Creation{}, false
	}
	return Creation{Name: strings.ToLower(name[:1]) + name[1:], State: strings.TrimSuffix(state, ")")}, true
}

// position reads "/path/file.go:86 +0x127".
func position(text string) (file string, line int) {
	if i := strings.LastIndex(text, " +0x"); i >= 0 {
		text = text[:i]
	}
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return text, 0
	}
	n, err := strconv.Atoi(text[i+1:])
	if err != nil || n < 0 {
		return text, 0
	}
	return text[:i], n
}

// Complete returns the length of the part of text that ends with a whole
// report, so that a log can be read while it grows.
func Complete(text string) int {
	i := strings.LastIndex(text, "\n"+separator+"\n")
	if i < 0 {
		return 0
	}
	return i + len(separator) + 2
}
