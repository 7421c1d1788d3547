package cli

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"racebench"
	"racebench/internal/corpus"
	"racebench/internal/judge"
	"racebench/internal/report"
	"racebench/internal/selftest"
	"racebench/internal/terminal"
)

func newSelftest(env Environment) *cobra.Command {
	var (
		quick, mangle, list bool
		seed                uint64
		iterations, jobs    int
		repeat              int
		vary                bool
		timeout             time.Duration
		format              string
	)
	cmd := &cobra.Command{
		Use:   "selftest [ENTRY...]",
		Short: "Score the corpus of wrong, right and hostile fixes: the judge judged",
		Long: `selftest scores the embedded corpus and prints, for every entry, which evidence
caught it, after how many iterations and how long. It fails unless every wrong
fix loses the right category, every right fix passes, and every hostile
candidate gets nothing.

Name entries to score only those: a path such as fail/cache-get-bare, a name, or
a pattern such as 'pass/*'.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains([]string{"table", "json", "markdown"}, format) {
				return usage(cmd, "--format %q: want table, json or markdown", format)
			}
			switch {
			case iterations < 1:
				return usage(cmd, "--iterations %d: want at least 1", iterations)
			case timeout <= 0:
				return usage(cmd, "--timeout %s: want more than 0", timeout)
			case repeat < 1:
				return usage(cmd, "--repeat %d: want at least 1", repeat)
			case jobs < 0:
				return usage(cmd, "--jobs %d: want at least 1", jobs)
			case jobs == 0 && quick:
				jobs = runtime.NumCPU() + 1 // one of them waits, for a linker or a proof
			case jobs == 0:
				jobs = 1
			}
			entries, err := selectEntries(cmd, args)
			if err != nil {
				return err
			}
			if list {
				for _, e := range entries {
					fmt.Fprintf(env.Stdout, "%s\t%s\n", e.Path, e.What)
				}
				return nil
			}
			out := terminal.Of(env.Stdout, terminal.Auto, env.Getenv)
			log := terminal.Of(env.Stderr, terminal.Auto, env.Getenv)
			done := 0
			rows, err := selftest.Run(cmd.Context(), selftest.Options{
				Entries: entries, Quick: quick, Mangle: mangle, Repeat: repeat, Vary: vary,
				Jobs:  jobs,
				Judge: judge.Options{Iterations: iterations, Seed: seed, Timeout: timeout, Parallel: max(1, runtime.NumCPU()/jobs), Race: judge.RaceAuto},
				Done: func(r selftest.Row) {
					done++
					mark := log.Good("ok  ")
					if len(r.Wrong) > 0 {
						mark = log.Bad("FAIL")
					}
					fmt.Fprintf(log, "%s %3d/%d %-45s %6.1fs  %s\n", mark, done, len(entries), r.Entry.Path, r.Elapsed.Seconds(), strings.Join(append(slices.Clone(r.CaughtBy), r.Wrong...), ", "))
				},
			})
			if err != nil && cmd.Context().Err() == nil {
				return err
			}
			// What had been scored when a signal came is shown, too.
			wrong := 0
			if len(rows) > 0 || format != "table" {
				var writing error
				if wrong, writing = report.Matrix(out, format, matrixRows(rows, scoreAgain(cmd))); writing != nil {
					return writing
				}
			}
			if err != nil {
				fmt.Fprintf(log, "interrupted after %d of %d entries\n", len(rows), len(entries))
				return verdict(exitInterrupted)
			}
			if wrong > 0 {
				return verdict(exitFindings)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&quick, "quick", false, "drive only the component that an entry replaces, stop a wrong fix at its first decisive finding, and measure no performance")
	f.BoolVar(&mangle, "mangle", false, "rename identifiers, reorder methods and extract helpers before judging: the verdicts must stay")
	f.BoolVar(&list, "list", false, "only list the entries")
	f.Uint64Var(&seed, "seed", builtinSeed, "seed from which everything random derives")
	f.IntVarP(&iterations, "iterations", "n", 100, "judge each entry with `N` iterations")
	f.IntVar(&jobs, "jobs", 0, "score this many entries at once (default: one more than there are processors with --quick, otherwise 1, for the measurements' sake)")
	f.DurationVar(&timeout, "timeout", 10*time.Second, "deadline of one scenario in one iteration")
	f.IntVar(&repeat, "repeat", 1, "score each entry `N` times: status and lost categories have to be the same")
	f.BoolVar(&vary, "vary", false, "with --repeat, give each time a seed of its own")
	f.StringVar(&format, "format", "table", "table, json or markdown")
	return cmd
}

func selectEntries(cmd *cobra.Command, args []string) ([]*corpus.Entry, error) {
	all, err := corpus.Load(racebench.Corpus())
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return all.Entries(), nil
	}
	var entries []*corpus.Entry
	for _, arg := range args {
		found, err := all.Find(arg)
		if err != nil {
			if near := nearestEntry(all, arg); near != "" {
				err = fmt.Errorf("%w; did you mean %q?", err, near)
			}
			return nil, usage(cmd, "%w (entries are named by a path such as fail/cache-check-then-act, a name, or a pattern such as 'pass/*')", err)
		}
		for _, e := range found {
			if !slices.Contains(entries, e) {
				entries = append(entries, e)
			}
		}
	}
	return entries, nil
}

// nearestEntry looks for what a misspelt name, with or without its folder, was meant
// to be.
func nearestEntry(all *corpus.Corpus, name string) string {
	var names []string
	for _, e := range all.Entries() {
		if strings.Contains(name, "/") {
			names = append(names, e.Path)
		} else {
			names = append(names, e.Name)
		}
	}
	return nearest(name, names)
}

// scoreAgain is the command that scores in the same way, without seed and entry.
func scoreAgain(cmd *cobra.Command) string {
	again := cmd.CommandPath()
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "quick", "mangle":
			again += " --" + f.Name
		case "iterations", "timeout":
			again += fmt.Sprintf(" --%s=%s", f.Name, f.Value)
		}
	})
	return again
}

func matrixRows(rows []selftest.Row, again string) []report.MatrixRow {
	out := make([]report.MatrixRow, len(rows))
	for i, r := range rows {
		out[i] = report.MatrixRow{
			Entry: r.Entry.Path, Want: string(r.Entry.Want), Starred: r.Entry.Starred,
			Status: r.Score.StatusText(), Score: r.Score.Score, Lost: r.Score.LostCategories(),
			CaughtBy: r.CaughtBy, Iterations: r.Iterations, Seconds: r.Elapsed.Seconds(), Wrong: r.Wrong,
			Again: fmt.Sprintf("%s --seed=%d %s", again, r.Result.Seed, r.Entry.Path), Result: r.Result,
		}
	}
	return out
}
