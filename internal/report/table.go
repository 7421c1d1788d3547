package report

import (
	"bytes"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// minLastColumn keeps the last column readable on a very narrow terminal, where
// the table is rather cut than illegible.
const minLastColumn = 24

// table writes rows under a header into w. right says which columns are
// numbers. The last column gives way, so that the table is no wider than width
// where that is possible. It renders into memory, where nothing can fail: the
// library does not hand on write errors.
func table(w *bytes.Buffer, width int, header []string, rows [][]string, right []bool, footer []string) {
	last := len(header) - 1
	room := width - 1 - 3*len(header)
	for i := range last {
		room -= columnWidth(i, append(slices.Clone(rows), header, footer))
	}
	aligns := make([]tw.Align, len(header))
	for i := range aligns {
		aligns[i] = tw.AlignLeft
		if right[i] {
			aligns[i] = tw.AlignRight
		}
	}
	off := tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNormal}
	cells := func() tw.CellConfig {
		return tw.CellConfig{
			Formatting:   off,
			Alignment:    tw.CellAlignment{PerColumn: aligns},
			ColMaxWidths: tw.CellWidth{PerColumn: tw.Mapper[int, int]{last: max(room, minLastColumn)}},
		}
	}
	t := tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Symbols: tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{
				Separators: tw.Separators{BetweenRows: tw.Off, BetweenColumns: tw.On},
			},
		})),
		tablewriter.WithConfig(tablewriter.Config{
			Header: cells(),
			Row:    cells(),
			Footer: cells(),
		}),
	)
	t.Header(header)
	for _, row := range rows {
		_ = t.Append(row)
	}
	if footer != nil {
		t.Footer(footer)
	}
	_ = t.Render()
}

// columnWidth is the number of columns that the widest line of column i takes.
func columnWidth(i int, rows [][]string) int {
	widest := 0
	for _, row := range rows {
		if i >= len(row) {
			continue
		}
		for line := range strings.Lines(row[i]) {
			widest = max(widest, twwidth.Width(strings.TrimSuffix(line, "\n")))
		}
	}
	return widest
}
