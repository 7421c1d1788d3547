package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"racebench/internal/build"
)

func newCache(env Environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "Show or clean the cache of built workers",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "dir", Short: "Print the folder of the cache", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				dir, err := build.CacheDir()
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(env.Stdout, dir)
				return err
			},
		},
		&cobra.Command{
			Use: "clean", Short: "Remove everything from the cache", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return build.CleanCache() },
		},
	)
	return cmd
}
