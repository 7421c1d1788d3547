// Package cli is the command line: one file for each command turns flags into
// options, options into a call, and an error into an exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"racebench/internal/terminal"
)

// The exit codes of every command and every format.
const (
	exitClean       = 0
	exitFindings    = 1
	exitUsage       = 2
	exitTrouble     = 3
	exitInterrupted = 130
)

// Environment is what the command line takes from the process, so that tests
// can hand in their own.
type Environment struct {
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	// Signals tells when the user wants to stop. It is derived from the
	// parent's context.
	Signals func(context.Context) (context.Context, context.CancelFunc)
}

// OS is the environment of a real process.
func OS() Environment {
	return Environment{
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Getenv: os.Getenv,
		Signals: func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
			// The first signal ends the run in order; a second one, when that
			// takes too long, ends the process the ordinary way.
			context.AfterFunc(ctx, stop)
			return ctx, stop
		},
	}
}

// verdict is an exit code that needs no words: the output has said it all.
type verdict int

func (v verdict) Error() string { return fmt.Sprintf("exit code %d", int(v)) }

// usageError is a mistake in what the user typed.
type usageError struct {
	// command is the path of the command whose help the user wants.
	command string
	err     error
}

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// usage is a mistake in the use of a command.
func usage(cmd *cobra.Command, format string, args ...any) error {
	return usageError{cmd.CommandPath(), fmt.Errorf(format, args...)}
}

// Main runs the command line and returns the exit code.
func Main(args []string, env Environment) int {
	if code, ok := runHidden(args); ok {
		return code
	}
	ctx, stop := env.Signals(context.Background())
	defer stop()
	root := newRoot(env)
	root.SetArgs(args[1:])
	err := root.ExecuteContext(ctx)
	return exitCode(env, root, err)
}

// exitCode prints what is left to say about err and maps it.
func exitCode(env Environment, root *cobra.Command, err error) int {
	var v verdict
	var u usageError
	switch {
	case err == nil:
		return exitClean
	case errors.As(err, &v):
		return int(v)
	case errors.As(err, &u):
		fmt.Fprintf(env.Stderr, "racebench: %s\n", terminal.Clean(err.Error()))
		fmt.Fprintf(env.Stderr, "Run '%s --help' for usage.\n", u.command)
		return exitUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(env.Stderr, "racebench: interrupted")
		return exitInterrupted
	default:
		fmt.Fprintf(env.Stderr, "racebench: %s\n", terminal.Clean(err.Error()))
		return exitTrouble
	}
}

func newRoot(env Environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "racebench",
		Short: "Prove a concurrency fix, or break it",
		Long: `racebench puts concurrent Go code under every kind of stress that has evidence
to give, and says whether it is right, why not, and how to see it again.

  racebench run --iterations 100    hammer the components, print what broke
  racebench score [DIR...]          judge fixes by the rubric, print the points
  racebench init DIR                write the task that is to be solved
  racebench explore [PACKAGE...]    run the tests of any Go package under many
                                    schedules, and replay those that fail

Exit codes: 0 clean or pass, 1 findings or not passed, 2 wrong usage,
3 racebench could not do its work or decide, 130 interrupted.`,
		Version:       versionLine(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(
		newRun(env), newScore(env), newInit(env), newSelftest(env),
		newExplore(env), newReplay(env),
		newList(env), newExplain(env), newVersion(env), newCache(env),
	)
	asUsageErrors(root)
	return root
}

// oneDash finds the option in the complaint about one with a single dash, as
// go test takes them.
var oneDash = regexp.MustCompile(` in -([a-z-]+)`)

// asUsageErrors makes cobra's untyped errors about flags and arguments usage
// errors, in root and everything below.
func asUsageErrors(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if m := oneDash.FindStringSubmatch(err.Error()); m != nil && c.Flags().Lookup(m[1]) != nil {
			err = fmt.Errorf("%w; options have two dashes: --%s", err, m[1])
		} else if near := nearestFlag(c, err); near != "" {
			err = fmt.Errorf("%w; did you mean --%s?", err, near)
		}
		return usage(c, "%w", err)
	})
	if args := cmd.Args; args != nil {
		cmd.Args = func(c *cobra.Command, a []string) error {
			if err := args(c, a); err != nil {
				text := err.Error()
				if hint := suggestion(c, a); hint != "" && !strings.Contains(text, "Did you mean") {
					text += hint
				}
				return usage(c, "%s", text)
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		asUsageErrors(sub)
	}
}

// suggestion offers the command that a mistyped one was meant to be.
func suggestion(c *cobra.Command, args []string) string {
	if len(args) == 0 || !c.HasSubCommands() {
		return ""
	}
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	if near := nearest(args[0], names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// nearestFlag looks for what an unknown option was meant to be, or returns "" if
// err is no complaint about one.
func nearestFlag(c *cobra.Command, err error) string {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return ""
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return nearest(unknown.GetSpecifiedName(), names)
}

// nearest is the candidate with the least edit distance to word, where one is
// near enough to be meant.
func nearest(word string, candidates []string) string {
	best, bestDistance := "", max(len(word)/3, 2)+1
	for _, c := range candidates {
		if d := editDistance(word, c); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions and substitutions that make b
// out of a (Levenshtein 1966).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
