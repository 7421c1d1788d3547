package cli

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"racebench/internal/candidate"
	"racebench/internal/candidate/apart"
	"racebench/internal/report"
)

func newRun(env Environment) *cobra.Command {
	j := &judging{env: env}
	var dir string
	var explore bool
	cmd := &cobra.Command{
		Use:   "run [SCENARIO...]",
		Short: "Hammer the components with the scenarios and print what broke",
		Long: `run executes the scenario suite again and again, each iteration under a seed of
its own, in worker processes: half of them with the race detector where the
machine has a C compiler. It prints a table of the scenarios and every finding
with its evidence and the command that shows it again.

Name scenarios to run only those: a full name such as cache/single-flight, a
component such as cache, or a pattern such as 'workerpool/close*'. With --explore
small versions of them run under controlled schedules, as they do in a score.
'racebench list' shows them all.`,
		Example: `  racebench run --iterations 100
  racebench run cache/single-flight --seed 7 --iterations 1 --race=on
  racebench run --candidate ./fix --report json=result.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := j.prepare(cmd); err != nil {
				return err
			}
			names, err := selectScenarios(cmd, args)
			if err != nil {
				return err
			}
			dir = orHere(dir)
			opts, err := j.options(dir == "")
			if err != nil {
				return err
			}
			opts.Scenarios = names
			if opts.Explore = explore; explore {
				opts.Iterations = 0
				for _, other := range []string{"iterations", "duration", "parallel", "race", "noise", "timeout"} {
					if cmd.Flags().Changed(other) {
						return usage(cmd, "--%s is about iterations, of which --explore runs none", other)
					}
				}
			}
			if opts.Candidate, err = loadCandidate(cmd, dir); err != nil {
				return err
			}
			res, err := j.judge(cmd.Context(), opts, "")
			if err != nil {
				return err
			}
			if err := j.show(report.Document{Result: res}); err != nil {
				return err
			}
			return runVerdict(report.RunStatus(res))
		},
	}
	j.register(cmd)
	cmd.Flags().BoolVar(&explore, "explore", false, "run the scenarios under controlled schedules in place of iterations: the same seed takes the same ways")
	cmd.Flags().StringVar(&dir, "candidate", "", "judge the fix in `DIR` (default: the current folder if it holds cache, counter and workerpool, else the built-in components)")
	cmd.ValidArgsFunction = completeScenarios
	return cmd
}

// runVerdict is the exit code of a run as an error, nil for clean.
func runVerdict(status string) error {
	switch status {
	case "clean":
		return nil
	case "interrupted":
		return verdict(exitInterrupted)
	case "inconclusive":
		return verdict(exitTrouble)
	}
	return verdict(exitFindings)
}

// orHere is dir, or the current folder where none was named and it looks like a
// candidate: who stands in their fix means that one.
func orHere(dir string) string {
	if dir == "" && candidate.Shaped(".") {
		return "."
	}
	return dir
}

// loadCandidate is the fix in dir, or the built-in components without one.
func loadCandidate(cmd *cobra.Command, dir string) (*candidate.Candidate, error) {
	if dir == "" {
		return candidate.Builtin(), nil
	}
	// A name with line ends would write lines of its own into every report.
	if strings.ContainsFunc(dir, unicode.IsControl) {
		return nil, usage(cmd, "the folder name %q holds control characters: rename it", dir)
	}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usage(cmd, "there is no folder %s", dir)
	case err == nil && !info.IsDir():
		return nil, usage(cmd, "%s is no folder: name the one that holds cache, counter and workerpool", dir)
	}
	c, err := apart.Load(cmd.Context(), dir)
	if err != nil {
		return nil, usage(cmd, "%w", err)
	}
	return c, nil
}
