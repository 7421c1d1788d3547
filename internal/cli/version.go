package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"racebench/internal/judge"
)

// versionLine is what "racebench version" and "racebench --version" print.
func versionLine() string {
	return fmt.Sprintf("racebench %s %s %s/%s", judge.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func newVersion(env Environment) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(env.Stdout, versionLine())
			return err
		},
	}
}
