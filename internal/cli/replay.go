package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"racebench/internal/explore"
	"racebench/internal/explore/schedule"
)

func newReplay(env Environment) *cobra.Command {
	var (
		c      explore.Config
		asJSON bool
		files  []string
	)
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "Run a schedule that explore has found again",
		Long: `replay runs the schedule in FILE again, in a fresh process, and shows what
happens. It exits with 1 if the schedule still fails, with 0 if it no longer
does, and with 3 if it is stale: the test no longer does what the schedule is
made of, so that nothing is known.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			targets, err := parseReports(cmd, files)
			if err != nil {
				return err
			}
			s, err := schedule.Read(args[0])
			if err != nil {
				return usage(cmd, "%w", err)
			}
			if c.Dir == "" {
				c.Dir = moduleDir(args[0])
			}
			r, err := explore.Replay(cmd.Context(), c, s)
			if err != nil {
				return exploreError(cmd, err)
			}
			if asJSON {
				err = writeJSON(env.Stdout, r)
			} else {
				err = writeText(env.Stdout, r.WriteText)
			}
			if err != nil {
				return err
			}
			if err := writeReports(targets, replayed{r}); err != nil {
				return err
			}
			switch r.Status {
			case explore.StillFails, explore.FailsNew:
				return verdict(exitFindings)
			case explore.Fixed:
				return nil
			}
			return verdict(exitTrouble)
		},
	}
	exploreFlags(cmd, &c, &files)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the outcome as JSON")
	return cmd
}

// moduleDir returns the nearest folder above a schedule file that holds a
// go.mod, so that a schedule of testdata/racebench can be replayed from
// anywhere; "" if there is none.
func moduleDir(file string) string {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}
