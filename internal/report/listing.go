package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"racebench/internal/scoring"
	"racebench/internal/terminal"
)

// ScenarioRow is a scenario as `racebench list` shows it.
type ScenarioRow struct {
	Name     string   `json:"name"`
	Contract []string `json:"contract"`
	Doc      string   `json:"doc"`
}

// Scenarios lists scenarios as a table or as JSON.
func Scenarios(out *terminal.Stream, format string, rows []ScenarioRow) error {
	if format == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		cells[i] = []string{r.Name, wrap(strings.Join(r.Contract, " "), 16, ""), r.Doc}
	}
	var b bytes.Buffer
	table(&b, out.Width, []string{"scenario", "checks", "what it does"}, cells, []bool{false, false, false}, nil)
	_, err := out.Write(b.Bytes())
	return err
}

// Kinds lists the kinds of finding, below another table.
func Kinds(out *terminal.Stream, list []scoring.Meaning) error {
	cells := make([][]string, len(list))
	for i, m := range list {
		cells[i] = []string{string(m.Kind), m.Means}
	}
	var b bytes.Buffer
	b.WriteByte('\n')
	table(&b, out.Width, []string{"kind", "what it tells"}, cells, []bool{false, false}, nil)
	_, err := out.Write(b.Bytes())
	return err
}

// Kind explains a kind of finding.
func Kind(out *terminal.Stream, m scoring.Meaning) error {
	costs := "it costs no points"
	switch {
	case m.Forfeits:
		costs = "nothing is scored where it is found"
	case len(m.Costs) > 0:
		names := make([]string, len(m.Costs))
		for i, c := range m.Costs {
			names[i] = string(c)
		}
		costs = "it can cost points in: " + strings.Join(names, ", ")
	}
	_, err := fmt.Fprintf(out, "%s\n\n%s\n\n%s\n\n%s\n", out.Strong(string(m.Kind)), wrap(m.Means, out.Width, ""), wrap(m.Remedy, out.Width, ""), costs)
	return err
}

// Sentence explains a sentence of the contract: its text, and what checks it.
func Sentence(out *terminal.Stream, number, text string, scenarios, rules []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", out.Strong(number), hang(text, out.Width, len(number)+2))
	if len(scenarios) > 0 {
		fmt.Fprintf(&b, "\nchecked by %s\n", hang(strings.Join(scenarios, ", "), out.Width, 11))
	}
	if len(rules) > 0 {
		fmt.Fprintf(&b, "\nand by the rules %s\n", strings.Join(rules, ", "))
	}
	_, err := fmt.Fprint(out, b.String())
	return err
}

// Scenario explains one scenario.
func Scenario(out *terminal.Stream, r ScenarioRow) error {
	how := "run it: racebench run " + r.Name
	if strings.HasPrefix(r.Name, "gate/") || strings.HasPrefix(r.Name, "probe/") {
		how = "run it: racebench score DIR (it is part of every score, and of nothing else)"
	}
	_, err := fmt.Fprintf(out, "%s\n\n%s\n\nchecks: %s (racebench explain %s shows the sentence)\n%s\n",
		out.Strong(r.Name), paragraphs(r.Doc, out.Width), strings.Join(r.Contract, ", "), r.Contract[0], how)
	return err
}

// RuleRow is a static rule as `racebench explain` lists it.
type RuleRow struct {
	ID, Name, Severity, Title string
}

// Rules lists the static rules.
func Rules(out *terminal.Stream, rows []RuleRow) error {
	cells := make([][]string, len(rows))
	for i, r := range rows {
		cells[i] = []string{r.ID, r.Name, r.Severity, r.Title}
	}
	var b bytes.Buffer
	table(&b, out.Width, []string{"rule", "name", "severity", "what it finds"}, cells, []bool{false, false, false, false}, nil)
	_, err := out.Write(b.Bytes())
	return err
}

// RulePage is all that is known of a rule.
type RulePage struct {
	RuleRow
	Doc, Wrong, Right string
}

// Rule explains one static rule.
func Rule(out *terminal.Stream, p RulePage) error {
	_, err := fmt.Fprintf(out, "%s  %s  (%s)\n%s\n\n%s\n\n%s\n\n%s\n\n%s\n\n%s\n",
		out.Strong(p.ID), out.Strong(p.Name), p.Severity, p.Title,
		paragraphs(p.Doc, out.Width),
		out.Bad("wrong:"), indentCode(p.Wrong), out.Good("right:"), indentCode(p.Right))
	return err
}

// paragraphs fits Markdown to a width: it wraps its paragraphs and leaves its
// lists alone.
func paragraphs(doc string, width int) string {
	parts := strings.Split(strings.TrimSpace(doc), "\n\n")
	for i, p := range parts {
		if !strings.HasPrefix(p, "- ") && !strings.HasPrefix(p, "    ") {
			parts[i] = wrap(strings.Join(strings.Fields(p), " "), width, "")
		}
	}
	return strings.Join(parts, "\n\n")
}

func indentCode(code string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(code), "\n", "\n    ")
}
