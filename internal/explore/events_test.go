package explore

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestEventStream feeds one package of each kind and checks the order that
// readers of go test -json rely on: start, then run, output and an end for each
// test, then an end for the package.
func TestEventStream(t *testing.T) {
	var b bytes.Buffer
	s := NewEventStream(&b)
	tests := []TestReport{
		{Name: "TestGood", Schedules: 10, Distinct: 3, Elapsed: time.Second},
		{Name: "TestBad", Schedules: 1, Findings: []*Finding{{Kind: Deadlock, Message: "a \"circle\"\n"}}},
		{Name: "TestSkip", Skipped: true},
		{Name: "TestLate", Error: "interrupted"},
	}
	s.PackageBegins("m/p")
	for i := range tests {
		s.TestBegins("m/p", tests[i].Name)
		s.TestEnds("m/p", &tests[i])
	}
	s.PackageEnds(&PackageReport{ImportPath: "m/p", Tests: tests, Elapsed: 2 * time.Second})
	for _, p := range []PackageReport{
		{ImportPath: "m/none", NoFiles: true},
		{ImportPath: "m/empty"},
		{ImportPath: "m/broken", BuildError: true, Error: "# m/broken\nb.go:1: no\n"},
		{ImportPath: "m/gone", Error: "interrupted"},
	} {
		s.PackageBegins(p.ImportPath)
		s.PackageEnds(&p)
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	var ends []string
	for l := range strings.Lines(b.String()) {
		var e struct{ Action, Package, ImportPath, Test, Output, FailedBuild string }
		d := json.NewDecoder(strings.NewReader(l))
		if err := d.Decode(&e); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		switch e.Action {
		case "output", "build-output":
			if strings.Count(e.Output, "\n") != 1 || !strings.HasSuffix(e.Output, "\n") {
				t.Errorf("not a line: %q", e.Output)
			}
		default:
			ends = append(ends, strings.Join([]string{e.Action, e.Package + e.ImportPath, e.Test}, " "))
		}
	}
	want := `start m/p 
run m/p TestGood
pass m/p TestGood
run m/p TestBad
fail m/p TestBad
run m/p TestSkip
skip m/p TestSkip
run m/p TestLate
fail m/p TestLate
fail m/p 
start m/none 
skip m/none 
start m/empty 
pass m/empty 
start m/broken 
build-fail m/broken 
fail m/broken 
start m/gone 
fail m/gone `
	if got := strings.Join(ends, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, text := range []string{`deadlock: a \"circle\"`, `FAIL\tm/broken [build failed]`, `[no test files]`, `[no tests to run]`, `--- SKIP: TestSkip`} {
		if !strings.Contains(b.String(), text) {
			t.Errorf("no %s", text)
		}
	}
}

// TestEventsLikeGoTest compares the events of a package with those of go test
// -json itself: the same actions for the same tests.
func TestEventsLikeGoTest(t *testing.T) {
	var mine bytes.Buffer
	c := config(t, "./usual")
	c.Run, c.Schedules = "Clock|Initialisation", 2
	c.Observer = NewEventStream(&mine)
	run(t, c)
	cmd := exec.CommandContext(t.Context(), "go", "test", "-json", "-count=1", "-run", c.Run, "./usual")
	cmd.Dir = twins
	theirs, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, theirs)
	}
	if a, b := actions(t, mine.Bytes()), actions(t, theirs); a != b {
		t.Errorf("got\n%s\ngo test:\n%s", a, b)
	}
}

func actions(t *testing.T, stream []byte) string {
	t.Helper()
	var all strings.Builder
	for l := range bytes.Lines(stream) {
		var e struct {
			Time                  time.Time
			Action, Package, Test string
			Elapsed               *float64
		}
		if err := json.Unmarshal(l, &e); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		if e.Action == "output" {
			continue
		}
		all.WriteString(strings.Join([]string{e.Action, e.Package, e.Test}, " "))
		if e.Time.IsZero() {
			all.WriteString(" without time")
		}
		if e.Elapsed != nil {
			all.WriteString(" with elapsed")
		}
		all.WriteByte('\n')
	}
	return all.String()
}
