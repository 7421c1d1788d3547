package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"racebench/internal/explore"
	"racebench/internal/explore/overlay"
	"racebench/internal/explore/timeline"
	"racebench/internal/report"
	"racebench/internal/terminal"
)

func newExplore(env Environment) *cobra.Command {
	var (
		c       explore.Config
		asJSON  bool
		noSave  bool
		reports []string
	)
	cmd := &cobra.Command{
		Use:   "explore [PACKAGE...]",
		Short: "Run the ordinary tests of Go packages under many schedules",
		Long: `explore runs the ordinary, unmodified tests of Go packages under many chosen
schedules and reports data races, deadlocks, leaks, livelocks, panics and failed
assertions, each with a schedule that shows it again.

  racebench explore ./...
  racebench explore --race --run TestCache --schedules 5000 ./cache
  racebench explore --strategy exhaustive --preemptions 2 --run TestSmall .

Packages are named as for go test. Found schedules are kept in testdata/racebench
of each package and tried first the next time.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Patterns = args
			c.ReadOnly = noSave
			targets, err := parseReports(cmd, reports)
			if err != nil {
				return err
			}
			log := terminal.Of(env.Stderr, terminal.Auto, env.Getenv)
			line := &exploreLine{out: log, last: time.Now()}
			c.Progress = line.update
			var events *explore.EventStream
			if asJSON {
				events = explore.NewEventStream(env.Stdout)
				c.Observer = events
			}
			r, err := explore.Run(cmd.Context(), c)
			line.clear()
			if events != nil && events.Err() != nil {
				return events.Err()
			}
			if r != nil {
				if asJSON {
					for _, l := range r.Limits {
						fmt.Fprintf(log, "limit: %s\n", l)
					}
				} else {
					werr := writeText(env.Stdout, func(w io.Writer) error { return r.WriteText(w, c.Verbose) })
					if werr != nil {
						return werr
					}
				}
				if werr := writeReports(targets, exploration{r}); werr != nil {
					return werr
				}
			}
			if err != nil {
				return exploreError(cmd, err)
			}
			return exploreVerdict(r)
		},
	}
	f := cmd.Flags()
	exploreFlags(cmd, &c, &reports)
	f.StringVar(&c.Run, "run", "", "only tests that match, as for go test")
	f.BoolVar(&c.Race, "race", false, "build with the race detector: memory accesses become scheduling points, races are found")
	f.StringVar(&c.Tags, "tags", "", "build tags")
	f.BoolVar(&c.Short, "short", false, "tell the tests to be short")
	f.IntVar(&c.Schedules, "schedules", 0, "schedules of each test (default 1000, or no limit with --budget)")
	f.DurationVar(&c.Budget, "budget", 0, "wall time for all schedules")
	f.Uint64Var(&c.Seed, "seed", 1, "where the choices come from")
	f.StringVar(&c.Strategy, "strategy", "portfolio", "portfolio, random, pct, pos, sticky or exhaustive")
	f.IntVar(&c.Depth, "depth", 3, "pct: ordering constraints that a bug needs")
	f.IntVar(&c.Preemptions, "preemptions", -1, "exhaustive: at most so many preemptions; negative: no limit")
	f.BoolVar(&c.FailFast, "failfast", false, "end with the first finding")
	f.StringVar(&c.Corpus, "corpus", "", "folder for found schedules (default testdata/racebench of each package)")
	f.BoolVar(&noSave, "no-save", false, "keep no schedules")
	f.DurationVar(&c.Minimise, "minimise", 10*time.Second, "time for reducing one schedule; negative: do not")
	f.DurationVar(&c.Slip, "slip", 10*time.Millisecond, "timers due within this time may fire early; negative: none does")
	f.DurationVar(&c.Stall, "stall", 20*time.Second, "wall time that one schedule gets")
	f.BoolVar(&asJSON, "json", false, "print events as go test -json does, one a line, as they happen")
	return cmd
}

// exploreFlags are common to explore and replay.
func exploreFlags(cmd *cobra.Command, c *explore.Config, reports *[]string) {
	f := cmd.Flags()
	f.BoolVarP(&c.Verbose, "verbose", "v", false, "print more, and run tests with -test.v")
	f.StringArrayVar(&c.Flags, "build-flag", nil, "a further flag for go build, such as -mod=mod")
	f.StringVarP(&c.Dir, "dir", "C", "", "folder in which packages are named")
	f.StringArrayVar(reports, "report", nil, "also write a report, as `FORMAT=FILE`; repeatable; formats: "+strings.Join(exploreFormats, ", "))
	f.StringVar(&c.KeepBinary, "keep-binary", "", "keep the test binary in this file, for a debugger")
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// writeText cleans what write writes.
func writeText(w io.Writer, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	return writeClean(w, b.String())
}

// exploreFormats are the formats of --report.
var exploreFormats = []string{"html", "json", "perfetto", "text"}

// explored is the outcome of explore or of replay, as reports show it.
type explored interface {
	document() timeline.Document
	writeText(w io.Writer) error
	value() any
}

// exploration is the outcome of explore.
type exploration struct{ *explore.Report }

func (e exploration) document() timeline.Document { return timeline.Of(e.Report) }
func (e exploration) writeText(w io.Writer) error { return e.WriteText(w, true) }
func (e exploration) value() any                  { return e.Report }

// replayed is the outcome of replay.
type replayed struct{ *explore.ReplayReport }

func (r replayed) document() timeline.Document { return timeline.OfReplay(r.ReplayReport) }
func (r replayed) writeText(w io.Writer) error { return r.WriteText(w) }
func (r replayed) value() any                  { return r.ReplayReport }

// parseReports reads the FORMAT=FILE of --report, before the work and not
// after it.
func parseReports(cmd *cobra.Command, reports []string) ([]report.Target, error) {
	var targets []report.Target
	for _, s := range reports {
		format, path, ok := strings.Cut(s, "=")
		var err error
		switch dir := filepath.Dir(path); {
		case !ok || path == "" || !slices.Contains(exploreFormats, format):
			err = fmt.Errorf("--report %q: want FORMAT=FILE with a format of %s", s, strings.Join(exploreFormats, ", "))
		case isDir(path):
			err = fmt.Errorf("--report %q: %s is a folder", s, path)
		case !isDir(dir):
			err = fmt.Errorf("--report %q: there is no folder %s", s, dir)
		}
		if err != nil {
			return nil, usage(cmd, "%w", err)
		}
		targets = append(targets, report.Target{Format: format, Path: path})
	}
	return targets, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func writeReports(targets []report.Target, e explored) error {
	for _, t := range targets {
		err := report.WriteFile(t.Path, func(w io.Writer) error {
			switch t.Format {
			case "html":
				return timeline.HTML(w, e.document())
			case "perfetto":
				return timeline.Perfetto(w, e.document())
			case "json":
				return writeJSON(w, e.value())
			}
			return writeText(w, e.writeText)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeClean writes text that holds what tests printed.
func writeClean(w io.Writer, text string) error {
	_, err := io.WriteString(w, terminal.Clean(text))
	return err
}

// exploreVerdict maps a report to an exit code: findings before what does not
// build before what could not be decided before clean.
func exploreVerdict(r *explore.Report) error {
	if len(r.Findings()) > 0 {
		return verdict(exitFindings)
	}
	if slices.ContainsFunc(r.Packages, func(p explore.PackageReport) bool { return p.BuildError }) {
		return verdict(exitUsage)
	}
	if len(r.Undecided()) > 0 {
		return verdict(exitTrouble)
	}
	return nil
}

// exploreError maps what the user can mend to wrong usage.
func exploreError(cmd *cobra.Command, err error) error {
	var option *explore.OptionError
	var build *explore.BuildError
	var mismatch *overlay.MismatchError
	switch {
	case errors.As(err, &option), errors.As(err, &build):
		return usage(cmd, "%w", err)
	case errors.As(err, &mismatch):
		return fmt.Errorf("%w\nnothing was explored", err)
	}
	return err
}

// exploreLine shows how far an exploration is.
type exploreLine struct {
	out   *terminal.Stream
	last  time.Time
	drawn bool
}

func (l *exploreLine) update(p explore.Progress) {
	every := reportEvery
	if l.out.TTY {
		every = redrawEvery
	}
	if p.First {
		l.clear()
		fmt.Fprintln(l.out, "building for controlled schedules; the first build of its kind on this machine, so the standard library is compiled as well, which takes up to a minute or two")
	}
	now := time.Now()
	if now.Sub(l.last) < every {
		return
	}
	l.last = now
	text := fmt.Sprintf("%s %s %s: %d schedules, %d different, %d findings, %v", p.Phase, p.Package, p.Test, p.Schedules, p.Distinct, p.Findings, p.Elapsed.Round(time.Second))
	if l.out.TTY {
		fmt.Fprintf(l.out, "\r\x1b[K%s", terminal.Clean(text))
		l.drawn = true
		return
	}
	fmt.Fprintln(l.out, terminal.Clean(text))
}

func (l *exploreLine) clear() {
	if l.drawn {
		fmt.Fprint(l.out, "\r\x1b[K")
		l.drawn = false
	}
}
