package cli

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/cobra"

	"racebench/internal/kit"
)

func newInit(env Environment) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "Write the task: three components with race conditions, to be fixed",
		Long: `init writes a Go module with the three broken components, the statement of the
task (TASK.md) and visible tests into DIR. Fix the components, then judge the
fix with 'racebench score DIR'.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("name one folder to write the task into, such as fix; got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var occupied *kit.OccupiedError
			switch err := kit.Write(args[0], force); {
			case errors.As(err, &occupied):
				return usage(cmd, "%w; name another folder, or use --force to write into this one", err)
			case errors.Is(err, syscall.ENOTDIR):
				return usage(cmd, "%s is no folder", args[0])
			case err != nil:
				return err
			}
			_, err := fmt.Fprintf(env.Stdout, "The task is in %s. Read TASK.md, then run: racebench score %s\n", args[0], args[0])
			return err
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "write into a folder that is not empty, replacing the kit's own files")
	return cmd
}
