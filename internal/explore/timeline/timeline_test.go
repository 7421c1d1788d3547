package timeline

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"racebench/internal/explore"
	"racebench/internal/explore/trace"
)

var update = flag.Bool("update", false, "explore testdata/pool again and rewrite the golden files")

// recorded is an exploration of testdata/pool, as explore found it.
func recorded(t *testing.T) *explore.Report {
	t.Helper()
	const file = "testdata/pool.json"
	if *update {
		record(t, file)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := new(explore.Report)
	if err := json.Unmarshal(b, r); err != nil {
		t.Fatal(err)
	}
	if len(r.Findings()) != 1 {
		t.Fatalf("%d findings recorded, want 1", len(r.Findings()))
	}
	return r
}

// record explores for real. What depends on the machine and the hour is
// replaced.
func record(t *testing.T, file string) {
	t.Helper()
	r, err := explore.Run(t.Context(), explore.Config{Dir: "testdata/pool", ReadOnly: true, Corpus: t.TempDir(), Schedules: 100})
	if err != nil {
		t.Fatal(err)
	}
	r.Elapsed = 0
	for i := range r.Packages {
		for j := range r.Packages[i].Tests {
			r.Packages[i].Tests[j].Elapsed = 0
		}
	}
	for _, f := range r.Findings() {
		f.Schedule.Epoch = 0
	}
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs("testdata/pool")
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.ReplaceAll(b, []byte(dir), []byte("/src/pool"))
	if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs; -update rewrites it:\n%s", file, diff)
	}
}

func render(t *testing.T, d Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func chrome(t *testing.T, d Document) []chromeEvent {
	t.Helper()
	var b bytes.Buffer
	if err := Perfetto(&b, d); err != nil {
		t.Fatal(err)
	}
	var file struct {
		TraceEvents []chromeEvent `json:"traceEvents"`
	}
	if err := json.Unmarshal(b.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	return file.TraceEvents
}

func TestGolden(t *testing.T) {
	d := Of(recorded(t))
	golden(t, "testdata/pool.html", []byte(render(t, d)))
	var b bytes.Buffer
	if err := Perfetto(&b, d); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/pool.trace.json", b.Bytes())
}

// TestReplayOfWhatIsRight shows the trace of a schedule that does not fail.
func TestReplayOfWhatIsRight(t *testing.T) {
	f := recorded(t).Findings()[0]
	d := OfReplay(&explore.ReplayReport{Schedule: f.Schedule, Status: explore.Fixed, Changed: true, Finding: nil})
	if h := render(t, d); !strings.Contains(h, "no longer fails") || !strings.Contains(h, "sources have changed") {
		t.Errorf("a replay without a failure:\n%s", h)
	}
	f.Trace.Truncated = true
	d.Runs = []Run{{Name: "p.Test", Trace: f.Trace}}
	if h := render(t, d); !strings.Contains(h, "nothing goes wrong") || !strings.Contains(h, "pool.go:41") || !strings.Contains(h, "not recorded") || strings.Contains(h, "FOR EVER") {
		t.Errorf("a trace without a finding:\n%s", h)
	}
}

// hostile is what a program could try to break out of the page with.
const hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\" onclick='x' \x1b[31mred\x1b[0m \u202egnp.exe {{.Title}} \xff"

func TestProgramsTextIsEscaped(t *testing.T) {
	frame := trace.Frame{Func: hostile, File: "/x/" + hostile + ".go", Line: 3}
	tr := &trace.Trace{
		Goroutines: []trace.Goroutine{{ID: 1, Name: hostile, Created: frame}},
		Steps: []trace.Step{
			{Goroutine: 1, Op: trace.Lock, Object: hostile, Frame: frame, Stack: []trace.Frame{frame}, Wait: hostile, Switch: 1, Decisive: true},
			{Goroutine: 1, Op: trace.Lock, Phase: trace.Blocked, Object: hostile, Frame: frame, Stack: []trace.Frame{frame}, Wait: hostile},
		},
	}
	f := &explore.Finding{
		Kind: explore.Panic, Message: hostile, Detail: []string{hostile}, Output: hostile, File: hostile, NotReproducible: hostile, Strategy: hostile, Index: 1,
		Blocked: []explore.Blocked{{Goroutine: tr.Goroutines[0], Reason: hostile, Object: hostile, Stack: []trace.Frame{frame}}}, Positions: []trace.Frame{frame},
	}
	d := Document{
		Title: hostile, Facts: []string{hostile}, Tests: []Test{{"found", hostile, []string{hostile}}},
		Runs: []Run{{hostile, f, tr}},
	}
	page := render(t, d)
	for _, bad := range []string{"<script", "</script", "<img", "\x1b", "\u202e", "\xff", "onclick='x'", "\" onclick"} {
		if strings.Contains(page, bad) {
			t.Errorf("%q is in the page", bad)
		}
	}
	if n := strings.Count(page, "&lt;/script&gt;"); n < 15 {
		t.Errorf("escaped text only %d times: the test does not reach all fields", n)
	}
	for _, e := range chrome(t, d) {
		if strings.Contains(e.Name, "\x1b") || strings.Contains(e.Name, "\u202e") {
			t.Errorf("control characters in %q", e.Name)
		}
	}
}

// TestPageIsSelfContained makes sure that nothing is fetched and nothing runs.
func TestPageIsSelfContained(t *testing.T) {
	page := render(t, Of(recorded(t)))
	for _, bad := range []string{"<script", "<link", "@import", "url(", "http:", "https:", "src="} {
		if strings.Contains(page, bad) {
			t.Errorf("%q is in the page", bad)
		}
	}
}

func steps(text string) []trace.Step {
	var all []trace.Step
	for l := range strings.Lines(text) {
		f := strings.Fields(l)
		s := trace.Step{Goroutine: int(f[0][0] - '0'), Object: f[2], Frame: trace.Frame{Func: "p.F", File: "/x/f.go", Line: 1}}
		name, blocked := strings.CutPrefix(f[1], "!")
		if blocked {
			s.Phase = trace.Blocked
		}
		s.Op, _ = trace.ParseOp(name)
		all = append(all, s)
	}
	return all
}

func TestWakers(t *testing.T) {
	for name, c := range map[string]struct {
		steps string
		want  []int
	}{
		"mutex":        {"1 !Lock m\n2 Unlock m\n1 Unlock m\n", []int{1, -1, -1}},
		"barging":      {"1 !Lock m\n2 Unlock m\n3 Lock m\n3 Unlock m\n1 Unlock m\n", []int{3, -1, -1, -1, -1}},
		"channel":      {"1 !receive c\n2 send c\n2 send c\n1 close c\n", []int{1, -1, -1, -1}},
		"waitgroup":    {"1 !WaitGroup.Wait w\n2 WaitGroup.Add w\n3 WaitGroup.Add w\n1 Lock m\n", []int{2, -1, -1, -1}},
		"other object": {"1 !Lock m\n2 Unlock n\n1 Unlock m\n", []int{-1, -1, -1}},
		"never":        {"1 !Lock m\n2 Unlock m\n", []int{-1, -1}},
	} {
		if got := wakers(steps(c.steps)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// TestArrows checks that every arrow begins and ends in a slice of its track:
// viewers drop those that do not.
func TestArrows(t *testing.T) {
	tr := &trace.Trace{
		Goroutines: []trace.Goroutine{{ID: 1, Name: "1"}, {ID: 2, Name: "1.1"}},
		Steps:      steps("1 !Lock m\n2 Unlock m\n1 Unlock m\n"),
	}
	events := chrome(t, Document{Runs: []Run{{Name: "p.Test", Trace: tr}}})
	arrows := 0
	for _, e := range events {
		if e.Phase != "s" && e.Phase != "f" {
			continue
		}
		arrows++
		if !slices.ContainsFunc(events, func(s chromeEvent) bool {
			return s.Phase == "X" && s.Thread == e.Thread && s.Time <= e.Time && e.Time < s.Time+s.Duration
		}) {
			t.Errorf("%+v is in no slice", e)
		}
	}
	if arrows != 2 {
		t.Errorf("%d ends of arrows, want 2", arrows)
	}
}

func TestLongTracesAreFolded(t *testing.T) {
	frame := trace.Frame{Func: "p.F", File: "/x/f.go", Line: 1}
	tr := &trace.Trace{Goroutines: []trace.Goroutine{{ID: 1, Name: "1"}}}
	for i := range 1000 {
		s := trace.Step{Goroutine: 1, Op: trace.Lock, Object: "mutex 1", Frame: frame, Decisive: i == 500, Now: time.Duration(i) * time.Second}
		if i%10 == 3 {
			s.Frame = trace.Frame{} // Go's own
		}
		tr.Steps = append(tr.Steps, s)
	}
	tab := newTable(Run{Name: "p.Test", Trace: tr})
	shown, far, ours, folds := 0, 0, 0, 0
	for _, r := range tab.Rows {
		switch {
		case r.Folded != "":
			folds++
		case r.Inside:
			ours++
		case r.Class == "far":
			far++
		default:
			shown++
		}
	}
	if ours != 100 || ours != tab.Own || far != tab.Far || shown+far != 900 {
		t.Errorf("%d shown, %d far (%d counted), %d of Go's own (%d counted)", shown, far, tab.Far, ours, tab.Own)
	}
	// 25 steps around the decisive one and the last 50, a tenth of them Go's own.
	if shown < 60 || shown > 75 {
		t.Errorf("%d steps shown", shown)
	}
	if !slices.ContainsFunc(tab.Rows, func(r row) bool { return r.Cell.Decisive && r.Class == "" }) {
		t.Error("the decisive step is folded")
	}
	if !tab.Time {
		t.Error("no virtual time")
	}
	// One at each end, and one for each step of Go's own that is near.
	if folds < 2 || folds > 12 {
		t.Errorf("%d lines say what is folded", folds)
	}
}
