package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"racebench/internal/result"
	"racebench/internal/scoring"
	"racebench/internal/terminal"
)

func render(t *testing.T, name string, d Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := formats[name](&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func fullDocument() Document {
	r := examples()["full"]
	s := scoring.Of(r)
	return Document{Result: r, Score: &s}
}

// TestNothingForeignReachesTheReader: escapes from a candidate's texts neither
// colour the terminal nor break the XML.
func TestNothingForeignReachesTheReader(t *testing.T) {
	for _, name := range []string{"text", "junit", "github"} {
		out := render(t, name, fullDocument())
		if strings.ContainsAny(out, "\x1b\u202e") {
			t.Errorf("%s lets control characters through", name)
		}
		if !strings.Contains(out, "unsynchronised access") {
			t.Errorf("%s does not tell the finding", name)
		}
	}
	dec := xml.NewDecoder(strings.NewReader(render(t, "junit", fullDocument())))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("junit is not well-formed: %v", err)
		}
	}
}

func TestEveryFormatRendersEveryResult(t *testing.T) {
	for name := range formats {
		for what, r := range examples() {
			s := scoring.Of(r)
			for _, d := range []Document{{Result: r}, {Result: r, Score: &s}, {Result: r, Score: &s, Brief: true}} {
				if out := render(t, name, d); out == "" {
					t.Errorf("%s of %s is empty", name, what)
				}
			}
		}
	}
}

// TestRoundTrip: a score computed from a saved report is the same.
func TestRoundTrip(t *testing.T) {
	d := fullDocument()
	got, err := ReadJSON(strings.NewReader(render(t, "json", d)))
	if err != nil {
		t.Fatal(err)
	}
	s := scoring.Of(got)
	again := render(t, "json", Document{Result: got, Score: &s})
	if again != render(t, "json", d) {
		t.Error("the score of the saved report differs")
	}
}

func TestBriefHidesWhatTellsTheChecksApart(t *testing.T) {
	d := fullDocument()
	d.Brief = true
	for name := range formats {
		out := render(t, name, d)
		for _, secret := range []string{"--seed 8", "12 + 3", "</script>", `"seed": 8`} {
			if strings.Contains(out, secret) {
				t.Errorf("%s shows %q", name, secret)
			}
		}
		if !strings.Contains(out, "unsynchronised access") {
			t.Errorf("%s hides the finding itself", name)
		}
	}
}

// TestUndecidedIsNoPass: what a CI system reads has an error where nothing was
// decided, and none for a note.
func TestUndecidedIsNoPass(t *testing.T) {
	note := result.Finding{ID: "n", Kind: result.Slow, Severity: result.Note, Scenario: "cache/mixed", Message: "slow", Confirmed: true}
	for what, c := range map[string]struct {
		change func(*result.Result)
		bad    bool
	}{
		"a note":      {func(*result.Result) {}, false},
		"trouble":     {func(r *result.Result) { r.Trouble = []string{"no space left"} }, true},
		"interrupted": {func(r *result.Result) { r.Interrupted = true }, true},
	} {
		r := &result.Result{
			Requested: 1, Iterations: []result.Iteration{{Passed: true, Complete: true}}, Findings: []result.Finding{note},
			Scenarios: []result.ScenarioTotals{{Name: "cache/mixed", Component: result.Cache, Runs: 1}},
		}
		c.change(r)
		d := Document{Result: r}
		if out := render(t, "junit", d); (strings.Contains(out, "<error") || strings.Contains(out, "<failure")) != c.bad {
			t.Errorf("%s: junit says\n%s", what, out)
		}
		if out := render(t, "github", d); strings.Contains(out, "::error") != c.bad {
			t.Errorf("%s: github says\n%s", what, out)
		}
	}
	r := &result.Result{Interrupted: true}
	s := scoring.Of(r)
	if out := render(t, "junit", Document{Result: r, Score: &s}); !strings.Contains(out, `type="interrupted"`) {
		t.Errorf("an interrupted score: junit says\n%s", out)
	}
}

// TestTableFitsTheTerminal: at 80 columns and at 200 no table line is wider.
func TestTableFitsTheTerminal(t *testing.T) {
	for _, columns := range []string{"80", "200"} {
		var b bytes.Buffer
		out := terminal.Of(&b, terminal.Never, func(k string) string {
			if k == "COLUMNS" {
				return columns
			}
			return ""
		})
		if err := Text(out, fullDocument(), true); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); strings.ContainsAny(line, "│┌└") && n > out.Width {
				t.Errorf("%s columns: a line of %d: %s", columns, n, line)
			}
		}
	}
}

func TestParseTarget(t *testing.T) {
	dir := t.TempDir()
	for _, bad := range []string{"json", "json=", "yaml=" + dir + "/x", "json=" + dir, "json=" + dir + "/missing/x.json"} {
		if _, err := ParseTarget(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	target, err := ParseTarget("json=" + filepath.Join(dir, "r.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := target.Write(fullDocument()); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("temporary files left: %v", left)
	}
}

// TestWriteFileKeepsTheOldFile: what goes wrong halfway costs nothing.
func TestWriteFileKeepsTheOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	if err := WriteFile(path, func(w io.Writer) error { io.WriteString(w, "half"); return full }); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Errorf("the old file is now %q", b)
	}
}

func TestRankingSharesRanks(t *testing.T) {
	a, b := 90.0, 40.0
	var buf bytes.Buffer
	out := terminal.Of(&buf, terminal.Never, func(string) string { return "" })
	rows := []Ranked{{Name: "x", Score: &b, Status: "partial"}, {Name: "lost", Status: "inconclusive"}, {Name: "y", Score: &a, Status: "pass"}, {Name: "z", Score: &a, Status: "pass"}}
	if err := Ranking(out, "table", rows); err != nil {
		t.Fatal(err)
	}
	var order []string
	for line := range strings.Lines(buf.String()) {
		if f := strings.Fields(strings.ReplaceAll(line, "│", " ")); len(f) > 2 && f[0] != "rank" && strings.Contains(line, "│") {
			order = append(order, f[0]+f[1])
		}
	}
	if got := strings.Join(order, " "); got != "1y 1z 3x 4lost" {
		t.Errorf("got %s", got)
	}
}

func TestRunStatus(t *testing.T) {
	r := &result.Result{}
	if got := RunStatus(r); got != "clean" {
		t.Errorf("got %s", got)
	}
	for what, undecided := range map[string]*result.Result{
		"no iteration ran":              {Requested: 100},
		"an iteration that was cut off": {Requested: 1, Iterations: []result.Iteration{{}}, Findings: []result.Finding{{Kind: result.Slow, Severity: result.Note, Confirmed: true}}},
		"a history beyond the checker":  {Requested: 1, Iterations: []result.Iteration{{Passed: true}}, Scenarios: []result.ScenarioTotals{{Undecided: 1}}},
		"trouble of racebench's own":    {Requested: 1, Iterations: []result.Iteration{{Passed: true}}, Trouble: []string{"no space left"}},
	} {
		if got := RunStatus(undecided); got != "inconclusive" {
			t.Errorf("%s: got %s", what, got)
		}
	}
	r.Canary = []result.CanaryCheck{{Detector: "race"}}
	if got := RunStatus(r); got != "inconclusive" {
		t.Errorf("a blind detector: got %s", got)
	}
	r.Findings = []result.Finding{{Severity: result.Error, Confirmed: true}}
	if got := RunStatus(r); got != "findings" {
		t.Errorf("a finding stands: got %s", got)
	}
	r.Interrupted = true
	if got := RunStatus(r); got != "interrupted" {
		t.Errorf("got %s", got)
	}
}

// TestSentencesAreQuotedOnce: a finding shows the sentence of the contract that it
// names, and the next one does not repeat it.
func TestSentencesAreQuotedOnce(t *testing.T) {
	d := Document{Result: &result.Result{SchemaVersion: result.SchemaVersion, Findings: []result.Finding{
		{ID: "1", Kind: result.LostUpdate, Component: result.Cache, Contract: []string{"C2"}, Message: "one", Severity: result.Error, Confirmed: true},
		{ID: "2", Kind: result.Invariant, Component: result.Cache, Contract: []string{"C2", "C8"}, Message: "two", Severity: result.Error, Confirmed: true},
	}}}
	var b strings.Builder
	if err := plainText(&b, d); err != nil {
		t.Fatal(err)
	}
	for _, quoted := range []string{"C2: `Get` looks up", "C8: `Stats` is a snapshot"} {
		if n := strings.Count(b.String(), quoted); n != 1 {
			t.Errorf("%q stands there %d times in\n%s", quoted, n, b.String())
		}
	}
}
