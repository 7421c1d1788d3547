package racelog_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"racebench/internal/runner/place"
	"racebench/internal/runner/racelog"
)

// testdata/six.log is the log of a program with six races, some of them back to
// back, one with the main goroutine.
func TestParse(t *testing.T) {
	text, err := os.ReadFile("testdata/six.log")
	if err != nil {
		t.Fatal(err)
	}
	reports := racelog.Parse(string(text))
	if len(reports) != 6 {
		t.Fatalf("%d reports, want 6", len(reports))
	}
	const function = "main.(*C[go.shape.int,go.shape.string]).Put"
	caller := place.Frame{Function: "main.main.func1", File: "/tmp/rc.go", Line: 6}
	created := []place.Frame{{Function: "main.main", File: "/tmp/rc.go", Line: 6}}
	want := racelog.Report{
		Accesses: []racelog.Access{
			{Address: "0x00c00009e040", By: "goroutine 9", Frames: []place.Frame{{Function: function, File: "/tmp/rc.go", Line: 4}, caller}},
			{
				Write: true, Previous: true, Address: "0x00c00009e040", By: "goroutine 8",
				Frames: []place.Frame{{Function: function, File: "/tmp/rc.go", Line: 4}, caller},
			},
		},
		Goroutines: []racelog.Creation{
			{Name: "goroutine 9", State: "running", Frames: created},
			{Name: "goroutine 8", State: "finished", Frames: created},
		},
	}
	if d := cmp.Diff(want, reports[0]); d != "" {
		t.Errorf("first report (-want +got):\n%s", d)
	}
	last := reports[5]
	if by := last.Accesses[0].By; by != "main goroutine" || len(last.Goroutines) != 1 {
		t.Errorf("last report %+v", last)
	}
	for i, r := range reports {
		if len(r.Accesses) != 2 || !r.Accesses[1].Write || !r.Accesses[1].Previous || len(r.Accesses[0].Frames) == 0 {
			t.Errorf("report %d: %+v", i, r)
		}
	}
	// However it is cut, a log that is read in two parts between reports gives
	// the same.
	for at := range len(text) {
		first := string(text[:at])
		n := racelog.Complete(first)
		again := append(racelog.Parse(first[:n]), racelog.Parse(string(text[n:]))...)
		if len(again) != 6 {
			t.Fatalf("cut at %d: %d reports", at, len(again))
		}
	}
}

func TestParseForgotten(t *testing.T) {
	reports := racelog.Parse(`==================
WARNING: DATA RACE
Atomic write at 0x00c000010000 by goroutine 7:
  sync/atomic.AddInt64()
      /go/src/runtime/race_amd64.s:289 +0xb
  racebench/internal/counter.(*Counter).Increment()
      racebench/internal/counter/counter.go:30 +0x4e

Previous read at 0x00c000010000 by goroutine 6:
  [failed to restore the stack]

Goroutine 7 (running) created at:
  main.main()
      /x.go:1 +0x1
==================
`)
	if len(reports) != 1 || len(reports[0].Accesses) != 2 {
		t.Fatalf("%+v", reports)
	}
	a, b := reports[0].Accesses[0], reports[0].Accesses[1]
	if !a.Atomic || !a.Write || len(a.Frames) != 2 || len(b.Frames) != 0 || b.By != "goroutine 6" {
		t.Errorf("%+v", reports[0])
	}
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("testdata/six.log")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add("WARNING: DATA RACE\nRead at  by :\n  ()\n      :\n created at:\n")
	f.Fuzz(func(t *testing.T, text string) {
		reports := racelog.Parse(text)
		if n := strings.Count(text, "WARNING: DATA RACE"); len(reports) > n {
			t.Errorf("%d reports of %d warnings", len(reports), n)
		}
		for _, r := range reports {
			if len(r.Accesses) == 0 {
				t.Error("a report without an access")
			}
		}
		if n := racelog.Complete(text); n < 0 || n > len(text) {
			t.Errorf("complete up to %d of %d", n, len(text))
		}
	})
}
