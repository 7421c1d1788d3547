package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"racebench/internal/result"
	"racebench/internal/scoring"
	"racebench/internal/terminal"
)

// maxExplained bounds the findings that are shown of an entry that is not as it
// must be.
const maxExplained = 3

// MatrixRow is one entry of the corpus with what came out.
type MatrixRow struct {
	Entry      string               `json:"entry"`
	Want       string               `json:"want"`
	Starred    bool                 `json:"race_free,omitempty"`
	Status     string               `json:"status"`
	Score      *float64             `json:"score"`
	Lost       []scoring.CategoryID `json:"lost_categories"`
	CaughtBy   []string             `json:"caught_by"`
	Iterations int                  `json:"iterations"`
	Seconds    float64              `json:"seconds"`
	Wrong      []string             `json:"wrong,omitempty"`
	// Again is the command that scores the entry once more in the same way, and
	// Result what was seen; both are shown of an entry that is not as it must be.
	Again  string         `json:"-"`
	Result *result.Result `json:"-"`
}

// Matrix writes, as a table, JSON or markdown, who was caught by what, and the sum: missed, falsely accused,
// and the median time to expose a wrong fix. It returns the number of rows that
// are not as they must be.
func Matrix(out *terminal.Stream, format string, rows []MatrixRow) (wrong int, err error) {
	for _, r := range rows {
		if len(r.Wrong) > 0 {
			wrong++
		}
	}
	if format == "json" {
		rows = slices.Clone(rows)
		for i := range rows {
			rows[i].Lost, rows[i].CaughtBy = array(rows[i].Lost), array(rows[i].CaughtBy)
		}
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return wrong, enc.Encode(map[string]any{"entries": rows, "wrong": wrong, "summary": matrixSummary(rows)})
	}
	if format == "markdown" {
		return wrong, matrixMarkdown(out, rows)
	}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		name, iterations := r.cells()
		caught := terminal.Clean(strings.Join(r.CaughtBy, ", "))
		if len(r.Wrong) > 0 {
			caught = out.Bad(terminal.Clean(strings.Join(r.Wrong, "; "))) + "\n" + caught
		}
		cells[i] = []string{name, r.Status, iterations, fmt.Sprintf("%.1f", r.Seconds), caught}
	}
	var b bytes.Buffer
	table(&b, out.Width, []string{"entry (* free of data races)", "status", "iter.", "s", "caught by"}, cells, []bool{false, false, true, true, false}, nil)
	b.WriteString(matrixSummary(rows) + "\n")
	for _, r := range rows {
		if len(r.Wrong) > 0 {
			r.explain(out, &b)
		}
	}
	_, err = out.Write(b.Bytes())
	return wrong, err
}

// explain says of an entry that is not as it must be what differs and what was
// found, for whoever sees no more than the end of the output.
func (r MatrixRow) explain(out *terminal.Stream, b *bytes.Buffer) {
	p := &printer{out: out, w: b, cited: make(map[string]bool)}
	p.printf("\n%s\n", out.Strong(r.Entry))
	p.printf("%s\n", wrap(terminal.Clean(strings.Join(r.Wrong, "; ")), out.Width, "      "))
	p.printf("      again: %s\n\n", out.Strong(terminal.Clean(r.Again)))
	d := Document{Result: r.Result}
	for _, f := range choose(r.Result.Findings, maxExplained) {
		f.Repro.Command = "" // names a folder that is gone
		p.finding(d, f, false)
	}
}

// cells are the entry's name, marked if it is free of data races, and the
// iterations until it was exposed, as both tables show them.
func (r MatrixRow) cells() (name, iterations string) {
	name, iterations = r.Entry, "-"
	if r.Iterations > 0 {
		iterations = fmt.Sprint(r.Iterations)
	}
	if r.Starred {
		name += " *"
	}
	return name, iterations
}

// matrixMarkdown is the table of docs/evidence.md.
func matrixMarkdown(w io.Writer, rows []MatrixRow) error {
	var b strings.Builder
	b.WriteString("| entry (* free of data races) | status | lost | iterations | caught by |\n|---|---|---|--:|---|\n")
	for _, r := range rows {
		name, iterations := r.cells()
		var lost []string
		for _, id := range r.Lost {
			lost = append(lost, string(id))
		}
		caught := slices.Concat(r.Wrong, r.CaughtBy)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name, r.Status, strings.Join(lost, ", "), iterations,
			strings.ReplaceAll(terminal.Clean(strings.Join(caught, ", ")), "|", `\|`))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func matrixSummary(rows []MatrixRow) string {
	count := map[string]int{}
	bad := map[string]int{}
	var exposed []float64
	var scored []float64
	for _, r := range rows {
		count[r.Want]++
		if len(r.Wrong) > 0 {
			bad[r.Want]++
		}
		switch r.Want {
		case "fail":
			exposed = append(exposed, r.Seconds)
		case "pass":
			scored = append(scored, r.Seconds)
		}
	}
	return fmt.Sprintf("%d wrong fixes, %d not caught as they must be; %d right fixes, %d accused; %d hostile candidates, %d not refused. Median time: wrong %.1f s, right %.1f s; longest: wrong %.1f s, right %.1f s.",
		count["fail"], bad["fail"], count["pass"], bad["pass"], count["hostile"], bad["hostile"],
		median(exposed), median(scored), slowest(exposed), slowest(scored))
}

func median(xs []float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	xs = slices.Sorted(slices.Values(xs))
	return xs[len(xs)/2]
}

func slowest(xs []float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	return slices.Max(xs)
}
