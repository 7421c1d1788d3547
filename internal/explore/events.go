package explore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// An EventStream is an Observer that writes what happens as one JSON object a
// line, in the format of go test -json (go doc test2json), so that the tools
// that read that read this.
//
// A test passes if all its schedules do. One that could not be explored to the
// end fails: nothing is known of it. The text of a report is in the output of
// its test.
type EventStream struct {
	w   io.Writer
	err error
}

// NewEventStream returns an EventStream that writes to w.
func NewEventStream(w io.Writer) *EventStream { return &EventStream{w: w} }

// Err returns the first error of writing.
func (s *EventStream) Err() error { return s.err }

// event is a line of the stream; see TestEvent in go doc test2json.
type event struct {
	Time        time.Time `json:",omitzero"`
	Action      string
	Package     string   `json:",omitempty"`
	ImportPath  string   `json:",omitempty"` // build-output, build-fail
	Test        string   `json:",omitempty"`
	Elapsed     *float64 `json:",omitempty"`
	Output      string   `json:",omitempty"`
	FailedBuild string   `json:",omitempty"`
}

func (s *EventStream) write(e event) {
	if s.err != nil {
		return
	}
	if e.ImportPath == "" {
		e.Time = time.Now()
	}
	b, err := json.Marshal(e)
	if err == nil {
		_, err = s.w.Write(append(b, '\n'))
	}
	s.err = err
}

// output writes a line at a time, as test2json does.
func (s *EventStream) output(pkg, test, text string) {
	for l := range strings.Lines(text) {
		if !strings.HasSuffix(l, "\n") {
			l += "\n"
		}
		s.write(event{Action: "output", Package: pkg, Test: test, Output: l})
	}
}

// PackageBegins implements Observer.
func (s *EventStream) PackageBegins(importPath string) {
	s.write(event{Action: "start", Package: importPath})
}

// TestBegins implements Observer.
func (s *EventStream) TestBegins(importPath, test string) {
	s.write(event{Action: "run", Package: importPath, Test: test})
	s.output(importPath, test, "=== RUN   "+test)
}

// TestEnds implements Observer.
func (s *EventStream) TestEnds(importPath string, t *TestReport) {
	var b bytes.Buffer
	t.write(&b, importPath, true)
	s.output(importPath, t.Name, b.String())
	action, took := "pass", t.Elapsed.Seconds()
	switch {
	case t.failed():
		action = "fail"
	case t.Skipped:
		action = "skip"
	}
	s.output(importPath, t.Name, fmt.Sprintf("--- %s: %s (%.2fs)", strings.ToUpper(action), t.Name, took))
	s.write(event{Action: action, Package: importPath, Test: t.Name, Elapsed: &took})
}

// PackageEnds implements Observer.
func (s *EventStream) PackageEnds(p *PackageReport) {
	took := p.Elapsed.Seconds()
	end := event{Action: "pass", Package: p.ImportPath, Elapsed: &took}
	switch {
	case p.NoFiles:
		end.Action = "skip"
		s.output(p.ImportPath, "", fmt.Sprintf("?   \t%s\t[no test files]", p.ImportPath))
	case p.BuildError:
		end.Action, end.FailedBuild = "fail", p.ImportPath
		for l := range strings.Lines(strings.TrimRight(p.Error, "\n") + "\n") {
			s.write(event{Action: "build-output", ImportPath: p.ImportPath, Output: l})
		}
		s.write(event{Action: "build-fail", ImportPath: p.ImportPath})
		s.output(p.ImportPath, "", fmt.Sprintf("FAIL\t%s [build failed]", p.ImportPath))
	case p.failed():
		end.Action = "fail"
		s.output(p.ImportPath, "", p.Error)
		s.output(p.ImportPath, "", fmt.Sprintf("FAIL\nFAIL\t%s\t%.3fs", p.ImportPath, took))
	default:
		none := ""
		if len(p.Tests) == 0 {
			none = " [no tests to run]"
		}
		s.output(p.ImportPath, "", fmt.Sprintf("PASS\nok  \t%s\t%.3fs%s", p.ImportPath, took, none))
	}
	s.write(end)
}

func (t *TestReport) failed() bool { return len(t.Findings) > 0 || t.Error != "" }

func (p *PackageReport) failed() bool {
	for i := range p.Tests {
		if p.Tests[i].failed() {
			return true
		}
	}
	return p.Error != ""
}
