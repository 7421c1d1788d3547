package timeline

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"racebench/internal/explore"
	"racebench/internal/explore/trace"
	"racebench/internal/terminal"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// Long traces are folded to what is near a decisive step or the end.
const (
	foldFrom   = 250 // steps of the program
	nearSwitch = 12
	nearEnd    = 50
)

// HTML writes the document as one self-contained file that needs no network
// and runs no script. Whatever comes from the program is escaped.
func HTML(w io.Writer, d Document) error {
	p := page{Document: d}
	for i, r := range d.Runs {
		p.Sections = append(p.Sections, newSection(i+1, r))
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return err
	}
	_, err := io.WriteString(w, terminal.Clean(b.String()))
	return err
}

// The rest is the document as the template wants it.
type (
	page struct {
		Document
		Sections []section
	}
	section struct {
		ID       int
		Kind     string
		Message  string
		Name     string
		Facts    []string
		Blocked  []blockedLine
		Stacks   []stack
		Detail   []string
		Switches []string
		Reduced  bool
		Output   string
		Repro    string
		Table    *table
	}
	blockedLine struct {
		Text  string
		Stack []place
	}
	stack struct {
		Title string
		Stack []place
	}
	place struct{ Func, At, Full string }
	table struct {
		ID        int // of its section
		Columns   []column
		Rows      []row
		Own       int // rows of Go's own packages
		Far       int // rows that are far from everything that matters
		Time      bool
		Truncated bool
	}
	column struct {
		Name    string
		Created string
		Color   int
	}
	row struct {
		Class  string // "", "own" or "far"
		Inside bool   // of Go's own packages
		Folded string // instead of steps: how many are folded here
		Number int    // among the program's own steps, as in the text report; 0: none
		Time   string
		Before []int // columns on the left of the step's
		After  []int
		Span   int
		Cell   cell
	}
	cell struct {
		Color    int
		Blocked  bool
		Stuck    bool
		Decisive bool
		Switch   string
		Op       string
		Object   string
		Func     string
		At       string
		Full     string
		Stack    []place
		Wait     string
	}
)

func newSection(id int, r Run) section {
	s := section{ID: id, Kind: r.kind(), Message: r.headline(), Name: r.Name}
	if r.Trace != nil && len(r.Trace.Steps) > 0 {
		s.Table = newTable(r)
		s.Table.ID = id
	}
	f := r.Finding
	if f == nil {
		return s
	}
	s.Facts = facts(f)
	for _, b := range f.Blocked {
		s.Blocked = append(s.Blocked, blockedLine{b.String(), places(b.Stack)})
	}
	for _, race := range f.Races {
		for _, a := range race.Accesses {
			s.Stacks = append(s.Stacks, stack{a.Title, places(trace.Fold(a.Stack))})
		}
		for _, a := range race.Created {
			s.Stacks = append(s.Stacks, stack{a.Title, places(trace.Fold(a.Stack))})
		}
	}
	if (f.Kind == explore.Panic || f.Kind == explore.Fatal) && len(f.Positions) > 0 {
		s.Stacks = append(s.Stacks, stack{"where", places(f.Positions)})
	}
	s.Detail = f.Detail
	if f.Schedule != nil {
		s.Reduced = f.Schedule.Minimal
		for _, sw := range f.Schedule.Switches {
			s.Switches = append(s.Switches, sw.String())
		}
	}
	s.Output = strings.TrimSpace(f.Output)
	s.Repro = f.Repro()
	return s
}

// facts are the small print of a finding.
func facts(f *explore.Finding) []string {
	var all []string
	switch {
	case f.Index > 0:
		all = append(all, fmt.Sprintf("schedule %d (%s)", f.Index, f.Strategy))
	case f.Always:
		all = append(all, "the default schedule")
	}
	if f.Potential {
		all = append(all, "it did not happen, but it can")
	}
	switch {
	case f.Confirmed:
		all = append(all, "confirmed by replay")
	case f.NotReproducible != "":
		all = append(all, "not reproducible: "+f.NotReproducible)
	}
	if f.Schedule != nil && f.Schedule.Slips() > 0 {
		all = append(all, "needs "+count(f.Schedule.Slips(), "timer")+" to fire early, as on a busy machine")
	}
	return all
}

func places(stack []trace.Frame) []place {
	var all []place
	for _, f := range stack {
		all = append(all, place{shortFunc(f.Func), f.String(), fmt.Sprintf("%s:%d", f.File, f.Line)})
	}
	return all
}

// shortFunc drops the folders of a function's package.
func shortFunc(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func newTable(r Run) *table {
	t := r.Trace
	tab := &table{Truncated: t.Truncated}
	index := map[int]int{} // column by goroutine
	var ids []int
	program := 0
	for _, s := range t.Steps {
		if own(s) {
			tab.Own++
		} else {
			program++
		}
		tab.Time = tab.Time || s.Now > 0
	}
	// A goroutine without a step of the program's, such as the one that runs
	// the tests, has no column; its steps are then left out too.
	active := map[int]bool{}
	for _, s := range t.Steps {
		active[s.Goroutine] = active[s.Goroutine] || !own(s)
	}
	name := names(t)
	for _, g := range t.Goroutines {
		if !active[g.ID] {
			continue
		}
		c := column{Name: g.Name, Color: len(ids) % 8}
		if g.Created.File != "" && !g.Created.Library() {
			c.Created = g.Created.String()
		}
		index[g.ID] = len(ids)
		ids = append(ids, g.ID)
		tab.Columns = append(tab.Columns, c)
	}
	stuck := r.stuck()
	next := following(t.Steps)
	far := distant(t.Steps, program)
	number := 0
	var folded []int // indices of the rows of the current fold
	kind := ""
	flush := func() {
		if len(folded) > 0 {
			text := count(len(folded), "more step")
			if kind == "own" {
				text = count(len(folded), "step") + " inside of Go's own packages"
			}
			// The line stands before what it folds.
			at := folded[0]
			tab.Rows = append(tab.Rows, row{})
			copy(tab.Rows[at+1:], tab.Rows[at:])
			tab.Rows[at] = row{Class: "fold-" + kind, Folded: text, Span: len(tab.Columns)}
		}
		folded = nil
	}
	for i, s := range t.Steps {
		col, ok := index[s.Goroutine]
		if !ok {
			tab.Own--
			continue
		}
		rw := row{Time: virtual(s.Now), Before: make([]int, col), After: make([]int, len(ids)-col-1)}
		switch {
		case far[i] && own(s):
			rw.Class, rw.Inside = "far", true
		case far[i]:
			rw.Class = "far"
			tab.Far++
		case own(s):
			rw.Class, rw.Inside = "own", true
		}
		if !own(s) {
			number++
			rw.Number = number
		}
		blocked := s.Phase == trace.Blocked
		rw.Cell = cell{
			Color: col % 8, Blocked: blocked, Stuck: blocked && stuck[s.Goroutine] && next[i] < 0, Decisive: s.Decisive,
			Op: s.Op.String(), Object: s.Object, Func: shortFunc(s.Frame.Func), Stack: places(s.Stack), Wait: s.Wait,
		}
		if s.Frame.File != "" {
			rw.Cell.At, rw.Cell.Full = s.Frame.String(), fmt.Sprintf("%s:%d", s.Frame.File, s.Frame.Line)
		}
		if s.Switch != 0 {
			rw.Cell.Switch = name[s.Switch]
		}
		if rw.Class != kind {
			flush()
			kind = rw.Class
		}
		tab.Rows = append(tab.Rows, rw)
		if kind != "" {
			folded = append(folded, len(tab.Rows)-1)
		}
	}
	flush()
	return tab
}

// distant returns which steps of a long trace are far from every decisive one
// and from the end.
func distant(steps []trace.Step, program int) []bool {
	far := make([]bool, len(steps))
	if program <= foldFrom {
		return far
	}
	for i := range far {
		far[i] = i < len(far)-nearEnd
	}
	for i, s := range steps {
		if s.Decisive {
			for j := max(0, i-nearSwitch); j < min(len(far), i+nearSwitch+1); j++ {
				far[j] = false
			}
		}
	}
	return far
}
