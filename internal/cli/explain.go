package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"racebench/internal/report"
	"racebench/internal/rules"
	"racebench/internal/scenarios"
	"racebench/internal/terminal"
)

func newExplain(env Environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain [RULE|SCENARIO]",
		Short: "Explain a static rule, with a wrong and a right example, or a scenario",
		Example: `  racebench explain
  racebench explain RB1001
  racebench explain cache/single-flight`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := terminal.Of(env.Stdout, terminal.Auto, env.Getenv)
			if len(args) == 0 {
				var rows []report.RuleRow
				for _, r := range rules.All() {
					rows = append(rows, report.RuleRow{ID: r.ID, Name: r.Name, Severity: string(r.Severity), Title: r.Title})
				}
				return report.Rules(out, rows)
			}
			if r, ok := rules.Find(args[0]); ok {
				wrong, right := r.Examples()
				return report.Rule(out, report.RulePage{
					RuleRow: report.RuleRow{ID: r.ID, Name: r.Name, Severity: string(r.Severity), Title: r.Title},
					Doc:     r.Doc, Wrong: wrong, Right: right,
				})
			}
			if s, ok := scenarios.Find(args[0]); ok {
				return report.Scenario(out, report.ScenarioRow{Name: s.Name, Contract: s.Contract, Doc: s.Doc})
			}
			var names []string
			for _, r := range rules.All() {
				names = append(names, r.ID, r.Name)
			}
			err := fmt.Errorf("unknown rule or scenario %q", args[0])
			near := nearest(args[0], names)
			if near == "" {
				near = nearestScenario(args[0])
			}
			if near != "" {
				err = fmt.Errorf("%w; did you mean %q?", err, near)
			}
			return usageError{inCommand{cmd.CommandPath(), fmt.Errorf("%w ('racebench explain' lists the rules, 'racebench list' the scenarios)", err)}}
		},
	}
	return cmd
}
