package cli

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"racebench/internal/judge"
	"racebench/internal/report"
	"racebench/internal/result"
	"racebench/internal/terminal"
)

// builtinSeed is used for the built-in components unless --seed says otherwise,
// so that everybody sees the same run. Candidates get a random one: nobody can
// fit a fix to it.
const builtinSeed = 1

// judging is what run and score have in common: flags, streams and reports.
type judging struct {
	env Environment

	iterations int
	seed       uint64
	timeout    time.Duration
	duration   time.Duration
	parallel   int
	race       string
	noise      string
	format     string
	reports    []string
	color      string
	quiet      bool
	verbose    bool

	targets []report.Target
	out     *terminal.Stream
	err     *terminal.Stream
	seedSet bool
}

func (j *judging) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVarP(&j.iterations, "iterations", "n", 100, "run the scenario suite `N` times")
	f.Uint64Var(&j.seed, "seed", 0, "seed from which everything random derives (default: 1 for the built-in components, random for candidates)")
	f.DurationVar(&j.timeout, "timeout", 10*time.Second, "deadline of one scenario in one iteration")
	f.DurationVar(&j.duration, "duration", 0, "stop after this time, whatever the number of iterations")
	f.IntVarP(&j.parallel, "parallel", "p", runtime.NumCPU(), "run `N` worker processes at once")
	f.StringVar(&j.race, "race", "auto", "race detector: auto (half of the iterations), on (all) or off (none)")
	f.StringVar(&j.noise, "noise", "auto", "points in the code at which the scheduler is provoked: auto (in most iterations) or off")
	f.StringVar(&j.format, "format", "table", "what stdout gets: table or json")
	f.StringArrayVar(&j.reports, "report", nil, "also write a report, as `FORMAT=FILE`; repeatable; formats: "+strings.Join(report.Formats(), ", "))
	f.StringVar(&j.color, "color", "auto", "colour: auto, always or never")
	f.BoolVarP(&j.quiet, "quiet", "q", false, "no progress on stderr")
	f.BoolVarP(&j.verbose, "verbose", "v", false, "show everything: all findings, scenarios, protections")
}

// prepare checks the flags and opens the streams.
func (j *judging) prepare(cmd *cobra.Command) error {
	switch {
	case j.iterations < 1:
		return usage(cmd, "--iterations %d: want at least 1", j.iterations)
	case j.timeout <= 0:
		return usage(cmd, "--timeout %s: want more than 0", j.timeout)
	case j.duration < 0:
		return usage(cmd, "--duration %s: want more than 0", j.duration)
	case j.parallel < 1:
		return usage(cmd, "--parallel %d: want at least 1", j.parallel)
	case !slices.Contains([]string{"auto", "on", "off"}, j.race):
		return usage(cmd, "--race %q: want auto, on or off", j.race)
	case !slices.Contains([]string{"auto", "off"}, j.noise):
		return usage(cmd, "--noise %q: want auto or off", j.noise)
	case j.format != "table" && j.format != "json":
		return usage(cmd, "--format %q: want table or json", j.format)
	}
	mode, err := terminal.ParseColorMode(j.color)
	if err != nil {
		return usage(cmd, "--color: %w", err)
	}
	for _, r := range j.reports {
		t, err := report.ParseTarget(r)
		if err != nil {
			return usage(cmd, "--report: %w", err)
		}
		j.targets = append(j.targets, t)
	}
	j.out = terminal.Of(j.env.Stdout, mode, j.env.Getenv)
	j.err = terminal.Of(j.env.Stderr, mode, j.env.Getenv)
	j.seedSet = cmd.Flags().Changed("seed")
	return nil
}

// options are the judge's options as far as run and score share them.
func (j *judging) options(builtin bool) (judge.Options, error) {
	seed := j.seed
	switch {
	case j.seedSet:
	case builtin:
		seed = builtinSeed
	default:
		var b [8]byte
		if _, err := rand.Read(b[:]); err != nil {
			return judge.Options{}, fmt.Errorf("no randomness for a seed: %w", err)
		}
		// 53 bits survive every JSON reader.
		seed = binary.LittleEndian.Uint64(b[:]) >> 11
	}
	return judge.Options{
		Iterations: j.iterations,
		Seed:       seed,
		Timeout:    j.timeout,
		Duration:   j.duration,
		Parallel:   j.parallel,
		Race:       judge.RaceMode(j.race),

		WithoutNoise: j.noise == "off",
	}, nil
}

// judge runs the pipeline under a progress display, which bears the name of the
// candidate where there are several.
func (j *judging) judge(ctx context.Context, opts judge.Options, name string) (*result.Result, error) {
	var p *progress
	if !j.quiet {
		p = newProgress(j.err, name)
		opts.Progress = p.update
	}
	res, err := judge.Judge(ctx, opts)
	if p != nil {
		p.close()
	}
	return res, err
}

// show prints the document on stdout and writes the reports.
func (j *judging) show(d report.Document) error {
	var err error
	if j.format == "json" {
		err = report.JSON(j.out, d)
	} else {
		err = report.Text(j.out, d, j.verbose)
	}
	if err != nil {
		return fmt.Errorf("cannot write to stdout: %w", err)
	}
	return j.writeReports(d)
}

func (j *judging) writeReports(d report.Document) error {
	for _, t := range j.targets {
		if err := t.Write(d); err != nil {
			return err
		}
	}
	return nil
}
