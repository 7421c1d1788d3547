package trace

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// TableOptions say how a table is written. The zero value shows everything.
type TableOptions struct {
	// Rows is the most rows to show, 0: all. Rows near decisive steps and at
	// the end are kept.
	Rows int
	// Width is the number of characters that a line should have at most, 0: any.
	// Columns move together to fit, which costs nothing but air, since each row
	// has one cell.
	Width int
}

// Table writes the trace with a column for each goroutine and a row for each
// step. A decisive step, at which the schedule leaves the default way, is
// marked with ">".
func (t *Trace) Table(w io.Writer, opt TableOptions) error {
	var rows []Step
	for _, s := range t.Steps {
		if s.Frame.File != "" && s.Op != Start {
			rows = append(rows, s)
		}
	}
	var columns []int
	for _, s := range rows {
		if !slices.Contains(columns, s.Goroutine) {
			columns = append(columns, s.Goroutine)
		}
	}
	slices.Sort(columns)
	shown := choose(rows, opt.Rows)
	heads := make([]string, len(columns))
	widths := make([]int, len(columns))
	for i, id := range columns {
		heads[i] = "goroutine " + t.name(id)
		widths[i] = len(heads[i])
	}
	widest := 0
	for i, s := range rows {
		if shown[i] {
			c := slices.Index(columns, s.Goroutine)
			widths[c] = max(widths[c], len(s.cell()))
			widest = max(widest, len(s.cell()))
		}
	}
	var b strings.Builder
	line := func(mark, number string, cells func(int) string) {
		l := fmt.Sprintf("%1s %4s", mark, number)
		at := len(l)
		for i := range columns {
			if cell := cells(i); cell != "" {
				l = fmt.Sprintf("%-*s  %s", at, l, cell)
			}
			at += 2 + widths[i]
		}
		b.WriteString(l)
		b.WriteByte('\n')
	}
	if pitch := narrow(widths, widest, opt.Width); pitch > 0 {
		for i := range widths {
			widths[i] = pitch - 2
			heads[i] = t.name(columns[i])
		}
	}
	if roomy(heads, widths) {
		line("", "step", func(i int) string { return heads[i] })
	} else {
		for c := range heads {
			line("", "", func(i int) string {
				if i != c {
					return ""
				}
				return heads[i]
			})
		}
	}
	skipped := 0
	for i, s := range rows {
		if !shown[i] {
			skipped++
			continue
		}
		if skipped > 0 {
			fmt.Fprintf(&b, "       … %d more\n", skipped)
			skipped = 0
		}
		mark := ""
		if s.Decisive {
			mark = ">"
		}
		line(mark, fmt.Sprint(i+1), func(c int) string {
			if columns[c] != s.Goroutine {
				return ""
			}
			return s.cell()
		})
	}
	if t.Omitted > 0 {
		fmt.Fprintf(&b, "       … %d more\n", t.Omitted)
	}
	if t.Truncated {
		b.WriteString("       … the rest was not recorded\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// margin is the width of marks and numbers.
const margin = 6

// narrow returns the distance of columns at which the last one's widest cell
// fits into width; 0 if the columns fit as they are.
func narrow(widths []int, widest, width int) int {
	full := margin
	for _, w := range widths {
		full += 2 + w
	}
	if width == 0 || full <= width || len(widths) < 2 {
		return 0
	}
	return max(3, (width-margin-2-widest)/(len(widths)-1))
}

// roomy reports whether the heads fit beside each other.
func roomy(heads []string, widths []int) bool {
	for i, h := range heads[:max(0, len(heads)-1)] {
		if len(h) > widths[i] {
			return false
		}
	}
	return true
}

// cell describes a step in a few words.
func (s Step) cell() string {
	var b strings.Builder
	if s.Phase == Blocked {
		b.WriteString("BLOCKS in ")
	}
	b.WriteString(s.Op.String())
	if s.Object != "" {
		b.WriteString(" " + s.Object)
	}
	fmt.Fprintf(&b, " %s", s.Frame)
	// A test is named above the table.
	if name := s.Frame.name(); name != "" && !strings.HasSuffix(s.Frame.File, "_test.go") {
		fmt.Fprintf(&b, " (%s)", name)
	}
	return b.String()
}

func (t *Trace) name(id int) string {
	for _, g := range t.Goroutines {
		if g.ID == id {
			return g.Name
		}
	}
	return fmt.Sprint(id)
}

// choose returns which rows are shown: those close to a decisive step or to
// the end come first.
func choose(rows []Step, most int) []bool {
	shown := make([]bool, len(rows))
	if most <= 0 || len(rows) <= most {
		for i := range shown {
			shown[i] = true
		}
		return shown
	}
	left := most
	show := func(i int) {
		if i >= 0 && i < len(rows) && !shown[i] && left > 0 {
			shown[i] = true
			left--
		}
	}
	for i, s := range rows {
		if s.Decisive {
			show(i)
		}
	}
	for d := 1; d < len(rows) && left > 0; d++ {
		show(len(rows) - d)
		for i, s := range rows {
			if s.Decisive {
				show(i - d)
				show(i + d)
			}
		}
	}
	return shown
}
