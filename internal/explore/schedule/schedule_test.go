package schedule

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"racebench/internal/explore/trace"
)

func TestSwitchText(t *testing.T) {
	for text, want := range map[string]Switch{
		"1.2 before Lock #3 -> 1.1":      {Goroutine: "1.2", Op: trace.Lock, Occurrence: 3, To: "1.1"},
		"1.2 blocked Lock #3+2 -> 1.1":   {Goroutine: "1.2", Op: trace.Lock, Occurrence: 3, Again: 2, Phase: trace.Blocked, To: "1.1"},
		"1.2 blocked receive #1 -> 0.4":  {Goroutine: "1.2", Op: trace.Recv, Occurrence: 1, Phase: trace.Blocked, To: "0.4"},
		"1 exited -> 1.1.1":              {Goroutine: "1", Phase: trace.Exited, To: "1.1.1"},
		"clock #7 -> 1.1":                {Phase: trace.Clock, Occurrence: 7, To: "1.1"},
		"1 slip send #2":                 {Goroutine: "1", Op: trace.Send, Occurrence: 2, Phase: trace.Slip},
		"clock slip none #2":             {Occurrence: 2, Phase: trace.Slip},
		"1.1 before rw.Lock #12 -> 1.12": {Goroutine: "1.1", Op: trace.WLock, Occurrence: 12, To: "1.12"},
	} {
		got, err := ParseSwitch(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q: %s", text, d)
		}
		if got.String() != text {
			t.Errorf("%q is written as %q", text, got.String())
		}
	}
	for _, bad := range []string{"", "1", "1 before Lock", "1 before Nothing #1 -> 2", "x before Lock #1 -> 1", "1 before Lock #1", "1 before Lock #x -> 1"} {
		if s, err := ParseSwitch(bad); err == nil {
			t.Errorf("%q: %v", bad, s)
		}
	}
}

func TestFileOfAnotherVersion(t *testing.T) {
	_, err := Parse([]byte(`{"racebench_schedule": 99, "test": "TestX"}`))
	var v *VersionError
	if !errors.As(err, &v) || v.Version != 99 {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	b, _ := (&File{Test: "TestX", Switches: []Switch{{Goroutine: "1", Op: trace.Lock, Occurrence: 1, To: "1.1"}}}).Format()
	f.Add(b)
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Parse(b)
		if err != nil {
			return
		}
		again, err := file.Format()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(again); err != nil {
			t.Fatalf("what is written is not read: %v\n%s", err, again)
		}
	})
}
