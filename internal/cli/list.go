package cli

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"racebench/internal/report"
	"racebench/internal/scenarios"
	"racebench/internal/terminal"
)

func newList(env Environment) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list [SCENARIO...]",
		Short: "List the scenarios and the contract sentences they check",
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := selectScenarios(cmd, args)
			if err != nil {
				return err
			}
			var rows []report.ScenarioRow
			for _, s := range scenarios.All() {
				if len(names) == 0 || slices.Contains(names, s.Name) {
					rows = append(rows, report.ScenarioRow{Name: s.Name, Contract: s.Contract, Doc: s.Doc})
				}
			}
			if format != "table" && format != "json" {
				return usage(cmd, "--format %q: want table or json", format)
			}
			return report.Scenarios(terminal.Of(env.Stdout, terminal.Auto, env.Getenv), format, rows)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	cmd.ValidArgsFunction = completeScenarios
	return cmd
}

// selectScenarios resolves what the user named: a scenario, a component, or a
// pattern. No name selects everything, which is nil.
func selectScenarios(cmd *cobra.Command, args []string) ([]string, error) {
	var names []string
	for _, arg := range args {
		found := false
		for _, s := range scenarios.All() {
			matches, err := path.Match(arg, s.Name)
			if err != nil {
				return nil, usage(cmd, "bad pattern %q: %w", arg, err)
			}
			if matches || strings.HasPrefix(s.Name, strings.TrimSuffix(arg, "/")+"/") {
				found = true
				if !slices.Contains(names, s.Name) {
					names = append(names, s.Name)
				}
			}
		}
		if !found {
			err := fmt.Errorf("unknown scenario %q", arg)
			if near := nearestScenario(arg); near != "" {
				err = fmt.Errorf("unknown scenario %q; did you mean %q?", arg, near)
			}
			return nil, usage(cmd, "%w ('racebench list' shows them all)", err)
		}
	}
	return names, nil
}

// nearestScenario looks for what a misspelt name was meant to be, with and
// without its component.
func nearestScenario(arg string) string {
	var names, short []string
	full := map[string]string{}
	for _, s := range scenarios.All() {
		names = append(names, s.Name)
		base := path.Base(s.Name)
		short = append(short, base)
		full[base] = s.Name
	}
	if near := nearest(arg, names); near != "" {
		return near
	}
	return full[nearest(path.Base(arg), short)]
}

func completeScenarios(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, s := range scenarios.All() {
		names = append(names, s.Name+"\t"+s.Doc)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
