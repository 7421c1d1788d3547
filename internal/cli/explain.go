package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"racebench/internal/contract"
	"racebench/internal/report"
	"racebench/internal/rules"
	"racebench/internal/scenarios"
	"racebench/internal/scoring"
	"racebench/internal/terminal"
)

func newExplain(env Environment) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [RULE|SCENARIO|KIND|SENTENCE]",
		Short: "Explain what a finding names: a rule, a scenario, a kind of finding, a sentence of the contract",
		Long: `explain tells what a finding is about: a static rule with a wrong and a right
example, a scenario, a kind of finding and what usually helps, or a sentence of
the contract and what checks it. Without a name it lists the rules and kinds.`,
		Example: `  racebench explain
  racebench explain RB1001
  racebench explain cache/single-flight
  racebench explain lost-update
  racebench explain C11`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := terminal.Of(env.Stdout, terminal.Auto, env.Getenv)
			if len(args) == 0 {
				return explainAll(out)
			}
			if shown, err := explain(out, args[0]); shown || err != nil {
				return err
			}
			err := fmt.Errorf("%q is no rule, scenario, kind of finding or sentence of the contract", args[0])
			if near := nearestTopic(args[0]); near != "" {
				err = fmt.Errorf("%w; did you mean %q?", err, near)
			}
			return usage(cmd, "%w ('racebench explain' lists the rules and kinds, 'racebench list' the scenarios)", err)
		},
	}
}

// explainAll lists the rules and the kinds of finding.
func explainAll(out *terminal.Stream) error {
	var rows []report.RuleRow
	for _, r := range rules.All() {
		rows = append(rows, report.RuleRow{ID: r.ID, Name: r.Name, Severity: string(r.Severity), Title: r.Title})
	}
	if err := report.Rules(out, rows); err != nil {
		return err
	}
	return report.Kinds(out, scoring.Meanings())
}

// explain shows what is known under a name, and reports whether anything is.
func explain(out *terminal.Stream, name string) (bool, error) {
	if r, ok := rules.Find(name); ok {
		wrong, right := r.Examples()
		return true, report.Rule(out, report.RulePage{
			RuleRow: report.RuleRow{ID: r.ID, Name: r.Name, Severity: string(r.Severity), Title: r.Title},
			Doc:     r.Doc, Wrong: wrong, Right: right,
		})
	}
	if s, ok := scenarios.Find(name); ok {
		return true, report.Scenario(out, report.ScenarioRow{Name: s.Name, Contract: s.Contract, Doc: s.Doc})
	}
	for _, m := range scoring.Meanings() {
		if string(m.Kind) == name {
			return true, report.Kind(out, m)
		}
	}
	for _, s := range scenarios.Sentences() {
		if text, ok := contract.Sentence(s.Number); ok && strings.EqualFold(s.Number, name) {
			return true, report.Sentence(out, s.Number, text, s.Scenarios, s.Rules)
		}
	}
	return false, nil
}

// nearestTopic looks for what a misspelt name was meant to be.
func nearestTopic(name string) string {
	var names []string
	for _, r := range rules.All() {
		names = append(names, r.ID, r.Name)
	}
	for _, m := range scoring.Meanings() {
		names = append(names, string(m.Kind))
	}
	return cmp.Or(nearest(name, names), nearestScenario(name))
}
