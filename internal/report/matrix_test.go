package report

import (
	"bytes"
	"strings"
	"testing"

	"racebench/internal/terminal"
)

// TestMatrixExplains: after the sum stands what was found of an entry that is
// not as it must be, and how to score it again; of the others nothing.
func TestMatrixExplains(t *testing.T) {
	r := examples()["full"]
	rows := []MatrixRow{
		{Entry: "pass/accused", Want: "pass", Wrong: []string{"falsely accused of panic"}, Again: "racebench selftest --seed=7 pass/accused", Result: r},
		{Entry: "fail/caught", Want: "fail", Again: "racebench selftest --seed=7 fail/caught", Result: r},
	}
	var b bytes.Buffer
	wrong, err := Matrix(terminal.Of(&b, terminal.Never, func(string) string { return "" }), "table", rows)
	if err != nil || wrong != 1 {
		t.Fatalf("%d wrong, error %v, want 1", wrong, err)
	}
	_, after, _ := strings.Cut(b.String(), "Median time")
	for _, text := range []string{rows[0].Entry, rows[0].Wrong[0], rows[0].Again, "unsynchronised access"} {
		if !strings.Contains(after, text) {
			t.Errorf("%q is not said after the sum:\n%s", text, after)
		}
	}
	if strings.Contains(after, rows[1].Entry) || strings.Contains(after, r.Findings[0].Repro.Command) {
		t.Errorf("what is in order, or a folder that is gone, is named after the sum:\n%s", after)
	}
}
