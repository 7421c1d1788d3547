package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"racebench/internal/scoring"
	"racebench/internal/terminal"
)

// Ranked is one candidate of several.
type Ranked struct {
	Rank    int                  `json:"rank"`
	Name    string               `json:"name"`
	Score   *float64             `json:"score"`
	Status  string               `json:"status"`
	Message string               `json:"message"`
	Lost    []scoring.CategoryID `json:"lost_categories,omitempty"`
}

// Ranking writes the candidates in the order of their scores, those without one
// last, as a table or as JSON. Equal scores share a rank.
func Ranking(out *terminal.Stream, format string, rows []Ranked) error {
	rows = slices.Clone(rows)
	value := func(r Ranked) float64 {
		if r.Score == nil {
			return -1
		}
		return *r.Score
	}
	slices.SortStableFunc(rows, func(a, b Ranked) int {
		return cmp.Or(cmp.Compare(value(b), value(a)), strings.Compare(a.Name, b.Name))
	})
	for i := range rows {
		rows[i].Rank = i + 1
		if i > 0 && value(rows[i]) == value(rows[i-1]) {
			rows[i].Rank = rows[i-1].Rank
		}
	}
	if format == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string][]Ranked{"ranking": rows})
	}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		score := "none"
		if r.Score != nil {
			score = fmt.Sprintf("%.1f", *r.Score)
		}
		status := out.Bad(r.Status)
		switch {
		case strings.HasPrefix(r.Status, string(scoring.Pass)):
			status = out.Good(r.Status)
		case r.Score == nil:
			status = out.Doubtful(r.Status)
		}
		cells[i] = []string{fmt.Sprint(r.Rank), terminal.Clean(r.Name), score, status, terminal.Clean(r.Message)}
	}
	var b bytes.Buffer
	table(&b, out.Width, []string{"rank", "candidate", "score", "status", "reason"}, cells, []bool{true, false, true, false, false}, nil)
	_, err := out.Write(b.Bytes())
	return err
}

// CanWrite reports why a file could not be written, before work is done for it.
func CanWrite(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".racebench-*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// WriteReward writes a reward from 0 to 1 for the trainer of an agent: a bare
// number, or {"reward": number} where the file's name ends in .json.
func WriteReward(path string, reward float64) error {
	return WriteFile(path, func(w io.Writer) error {
		if strings.EqualFold(filepath.Ext(path), ".json") {
			return json.NewEncoder(w).Encode(map[string]float64{"reward": reward})
		}
		_, err := fmt.Fprintf(w, "%g\n", reward)
		return err
	})
}
