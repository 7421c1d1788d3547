// Package explore runs the ordinary tests of Go packages under many schedules
// and reports what goes wrong in some of them, each with a schedule that shows
// it again.
//
// The work is divided: package overlay puts the scheduler of a Go toolchain
// under control, package engine builds and drives test binaries that use it,
// and this package decides which schedules to run and what they mean.
package explore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"racebench/internal/explore/engine"
	"racebench/internal/explore/overlay"
	"racebench/internal/explore/schedule"
	"racebench/internal/explore/trace"
)

// A Config says what to explore. The zero value of a field is its default.
type Config struct {
	Dir      string   // where patterns are resolved; the current folder
	Patterns []string // package patterns as for go test; "."
	Known    *Known   // the only package, in place of Patterns; nil
	Run      string   // only tests that match, as for go test
	Race     bool     // build with the race detector: memory accesses become scheduling points
	Tags     string
	Short    bool
	Verbose  bool
	Flags    []string // further build flags
	Compiler []string // flags of the compiler for the packages of the main modules
	Env      []string // further environment of builds and tests
	Go       string   // the go command; the one in PATH
	Launcher Launcher // starts the test binaries; nil starts them as they are

	Schedules   int           // schedules of each test; 1000, or no limit if a budget is given
	Budget      time.Duration // wall time for all schedules; no limit
	Seed        uint64        // 1
	Strategy    string        // portfolio, random, pct, pos, sticky or exhaustive; portfolio
	Depth       int           // of pct; 3
	Preemptions int           // exhaustive: at most so many; <0: no limit. 0 is a limit of none
	FailFast    bool          // end with the first finding
	// Share lets a test go on in the process of the one before it, if nothing was
	// found there. To start a process behind a launcher takes as long as a hundred
	// short schedules; but a test then meets what others left in global variables.
	Share bool

	// Corpus is the folder in which found schedules are kept, and from which
	// they are tried first: testdata/racebench in the folder of each package.
	// Only reads if ReadOnly is set.
	Corpus   string
	ReadOnly bool

	Minimise   time.Duration // deadline for reducing one schedule; 10 s, <0: none
	Cache      string        // for build caches; racebench in the user's cache folder
	KeepBinary string        // a file to keep the test binary in, if there is one package

	Bound    int           // steps before a test is scheduled fairly; 20 000
	Virtual  time.Duration // virtual time that a test gets; 10 minutes
	Slip     time.Duration // timers due within this time may fire early; 10 ms, <0: none does
	Stall    time.Duration // wall time that a schedule gets; 20 s
	Progress func(Progress)
	Observer Observer // is told what begins and ends; nil
}

// An Observer is told of packages and tests as they begin and end, one at a
// time.
type Observer interface {
	PackageBegins(importPath string)
	TestBegins(importPath, test string)
	TestEnds(importPath string, t *TestReport)
	PackageEnds(p *PackageReport)
}

// unobserved is the Observer of those who need none.
type unobserved struct{}

func (unobserved) PackageBegins(string)         {}
func (unobserved) TestBegins(string, string)    {}
func (unobserved) TestEnds(string, *TestReport) {}
func (unobserved) PackageEnds(*PackageReport)   {}

// Progress is told several times a second.
type Progress struct {
	Package   string
	Test      string
	Schedules int // of this test so far
	Distinct  int
	Findings  int // in all tests
	Elapsed   time.Duration
	Phase     string // "build", "corpus", "explore", "confirm", "minimise"
	First     bool   // a build that compiles the standard library, too, which takes a minute
}

// ReportVersion is the version of a Report in JSON.
const ReportVersion = 1

// A Report is the outcome of an exploration.
type Report struct {
	Schema    int             `json:"schema_version"`
	GoVersion string          `json:"go_version"`
	Race      bool            `json:"race"`
	Seed      uint64          `json:"seed"`
	Strategy  string          `json:"strategy,omitempty"`
	Packages  []PackageReport `json:"packages"`
	Limits    []string        `json:"limits,omitempty"` // what was no scheduling point in this mode
	Elapsed   time.Duration   `json:"elapsed_ns"`
}

// Findings returns the findings of all tests.
func (r *Report) Findings() []*Finding {
	var all []*Finding
	for _, p := range r.Packages {
		for _, t := range p.Tests {
			all = append(all, t.Findings...)
		}
	}
	return all
}

// Undecided returns why the report cannot be called clean although it has no
// findings, one line for each reason.
func (r *Report) Undecided() []string {
	var all []string
	for _, p := range r.Packages {
		if p.Error != "" {
			all = append(all, p.ImportPath+": "+p.Error)
		}
		for _, t := range p.Tests {
			if t.Error != "" {
				all = append(all, p.ImportPath+": "+t.Name+": "+t.Error)
			}
		}
	}
	return all
}

// A PackageReport is the outcome for one package.
type PackageReport struct {
	ImportPath string        `json:"import_path"`
	Dir        string        `json:"dir"`
	Error      string        `json:"error,omitempty"`         // why its tests could not be explored
	BuildError bool          `json:"build_error,omitempty"`   // because they do not build
	NoFiles    bool          `json:"no_test_files,omitempty"` // it has no test files
	Tests      []TestReport  `json:"tests,omitempty"`
	Elapsed    time.Duration `json:"elapsed_ns,omitempty"`
}

// A TestReport is the outcome for one test.
type TestReport struct {
	Name      string        `json:"name"`
	Schedules int           `json:"schedules"` // run, without those that a search found to repeat others
	Distinct  int           `json:"distinct"`  // different ones, by the happens-before relation
	LastNew   int           `json:"last_new"`  // the schedule that was the last different from all before
	Steps     int           `json:"steps"`     // in all schedules
	Decisions int           `json:"decisions"`
	Longest   int           `json:"longest"` // steps of the longest schedule
	First     int           `json:"first"`   // the schedule that showed the first finding, from 1; 0: none
	Complete  string        `json:"complete,omitempty"`
	Findings  []*Finding    `json:"findings,omitempty"`
	Corpus    []CorpusEntry `json:"corpus,omitempty"`
	Limits    []string      `json:"limits,omitempty"`
	Skipped   bool          `json:"skipped,omitempty"` // it skips itself
	Red       string        `json:"red,omitempty"`     // why it failed without any exploration
	Error     string        `json:"error,omitempty"`   // why it could not be explored
	Elapsed   time.Duration `json:"elapsed_ns"`
}

// A CorpusEntry is what became of a schedule found earlier.
type CorpusEntry struct {
	File   string       `json:"file,omitempty"`
	Status CorpusStatus `json:"status"`
	Note   string       `json:"note,omitempty"`
}

// A CorpusStatus says what a schedule found earlier does now.
type CorpusStatus string

// What can become of a schedule found earlier.
const (
	StillFails CorpusStatus = "still fails"
	FailsNew   CorpusStatus = "fails in another way"
	Fixed      CorpusStatus = "no longer fails"
	Stale      CorpusStatus = "stale schedule"
	Unreadable CorpusStatus = "not used"
)

// A Kind is a kind of finding; the names are those of package result.
type Kind string

// The kinds of finding.
const (
	DataRace  Kind = "data-race"
	Invariant Kind = "invariant" // a test that fails
	Deadlock  Kind = "deadlock"
	LockOrder Kind = "lock-order"
	Leak      Kind = "goroutine-leak"
	Livelock  Kind = "livelock"
	Panic     Kind = "panic"
	Fatal     Kind = "fatal"
	Exit      Kind = "exit"
)

// A Blocked is a goroutine that can never go on, or, in a livelock, goes on for
// ever.
type Blocked struct {
	Running   bool            `json:"running,omitempty"`
	Goroutine trace.Goroutine `json:"goroutine"`
	Op        trace.Op        `json:"op"`
	Object    string          `json:"object,omitempty"`
	Reason    string          `json:"reason"` // the runtime's wait reason
	Stack     []trace.Frame   `json:"stack,omitempty"`
	HeldBy    []Holder        `json:"held_by,omitempty"`
}

// A Holder is a goroutine that holds what another waits for.
type Holder struct {
	Goroutine trace.Goroutine `json:"goroutine"`
	Since     trace.Frame     `json:"since"`           // where it took it
	Ended     bool            `json:"ended,omitempty"` // it has ended without giving it back
}

// A Finding is one defect.
type Finding struct {
	Kind      Kind          `json:"kind"`
	Package   string        `json:"package"`
	Test      string        `json:"test"`
	Message   string        `json:"message"` // one line
	Detail    []string      `json:"detail,omitempty"`
	Positions []trace.Frame `json:"positions,omitempty"`
	Index     int           `json:"index,omitempty"` // the schedule that showed it, from 1; 0: the default schedule
	Strategy  string        `json:"strategy,omitempty"`

	// Partial: a deadlock of some goroutines only, not of the test itself.
	Partial bool `json:"partial,omitempty"`
	// Potential: it can happen but did not, as a lock order that did not close.
	Potential bool `json:"potential,omitempty"`
	// Always: it showed on the default schedule as well.
	Always bool `json:"always,omitempty"`

	Confirmed       bool   `json:"confirmed"`
	NotReproducible string `json:"not_reproducible,omitempty"` // why, if it is not confirmed

	Blocked []Blocked           `json:"blocked,omitempty"`
	Races   []engine.RaceReport `json:"races,omitempty"`
	Edges   []engine.Edge       `json:"edges,omitempty"`
	Output  string              `json:"output,omitempty"` // what the test printed

	Schedule *schedule.File `json:"schedule,omitempty"`
	File     string         `json:"schedule_file,omitempty"` // where the schedule is kept, if it is
	Trace    *trace.Trace   `json:"trace,omitempty"`

	signature  string
	fromCorpus bool
	outcome    *engine.Outcome
}

// Repro returns the command that shows the finding again, or "".
func (f *Finding) Repro() string {
	if f.File == "" {
		return ""
	}
	return "racebench replay " + f.File
}

// A Launcher starts test binaries in its own way, such as behind protections.
type Launcher = engine.Launcher

// Known is the only package of a target whose caller has laid it out. Schedules
// of it cannot become stale, since nothing is known of its sources.
type Known = engine.Known

// Errors of the target's, as opposed to racebench's own.
type (
	// A BuildError says that the packages do not build.
	BuildError = engine.BuildError
	// An UnsupportedError says that this machine cannot control the scheduler.
	UnsupportedError = engine.UnsupportedError
	// A MismatchError says that this toolchain's sources are not the ones that
	// can be controlled.
	MismatchError = overlay.MismatchError
)

// An OptionError says that a Config makes no sense.
type OptionError struct{ Reason string }

func (e *OptionError) Error() string { return e.Reason }

// DefaultCache returns the folder for the caches of explorations.
func DefaultCache() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "racebench", "explore"), nil
}

// complete fills in the defaults.
func (c Config) complete() (Config, error) {
	if c.Schedules == 0 && c.Budget == 0 {
		c.Schedules = 1000
	}
	if c.Schedules <= 0 {
		c.Schedules = 1 << 30
	}
	if c.Seed == 0 {
		c.Seed = 1
	}
	if c.Strategy == "" {
		c.Strategy = "portfolio"
	}
	if c.Depth == 0 {
		c.Depth = 3
	}
	if c.Minimise == 0 {
		c.Minimise = 10 * time.Second
	}
	if c.Bound == 0 {
		c.Bound = 20_000
	}
	if c.Virtual == 0 {
		c.Virtual = 10 * time.Minute
	}
	if c.Slip == 0 {
		c.Slip = 10 * time.Millisecond
	}
	if c.Stall == 0 {
		c.Stall = 20 * time.Second
	}
	if c.Cache == "" {
		dir, err := DefaultCache()
		if err != nil {
			return c, err
		}
		c.Cache = dir
	}
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	if c.Observer == nil {
		c.Observer = unobserved{}
	}
	_, err := c.mix()
	return c, err
}

// mix returns the strategies that take turns.
func (c Config) mix() ([]engine.Strategy, error) {
	random := engine.Strategy{Kind: engine.Random}
	pct := engine.Strategy{Kind: engine.PCT, Depth: c.Depth}
	pos := engine.Strategy{Kind: engine.POS}
	sticky := engine.Strategy{Kind: engine.Sticky, Stay: 7}
	switch c.Strategy {
	case "portfolio":
		return []engine.Strategy{random, pct, pos, sticky}, nil
	case "random":
		return []engine.Strategy{random}, nil
	case "pct":
		if c.Depth < 1 {
			return nil, &OptionError{"the depth of pct must be at least 1"}
		}
		return []engine.Strategy{pct}, nil
	case "pos":
		return []engine.Strategy{pos}, nil
	case "sticky":
		return []engine.Strategy{sticky}, nil
	case "exhaustive":
		return []engine.Strategy{{Kind: engine.Exhaustive, Depth: max(c.Preemptions, -1)}}, nil
	}
	return nil, &OptionError{fmt.Sprintf("unknown strategy %q (portfolio, random, pct, pos, sticky, exhaustive)", c.Strategy)}
}

// Supported returns why the scheduler of the toolchain below goroot, of the
// given version such as "go1.26.8", cannot be controlled on this machine: an
// *UnsupportedError or a *MismatchError. It is nil where it can.
func Supported(goroot, version string) error {
	if err := engine.Platform(); err != nil {
		return err
	}
	type toolchain struct{ root, version string }
	known := toolchain{goroot, version}
	if err, ok := supported.Load(known); ok {
		err, _ := err.(error)
		return err
	}
	_, err := overlay.Apply(goroot, version, false)
	supported.Store(known, err)
	return err
}

// supported are the answers of Supported: to find one means to edit the sources
// of a whole runtime.
var supported sync.Map

// Run explores. Defects of the tests are findings in the report; an error says
// that something could not be done: *OptionError, *BuildError and
// *MismatchError, *UnsupportedError are typed.
func Run(ctx context.Context, c Config) (*Report, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	c.Progress(Progress{Phase: "build"})
	b, err := engine.NewBuilder(ctx, engine.Target{
		Dir: c.Dir, Patterns: c.Patterns, Known: c.Known, Tags: c.Tags, Race: c.Race, Flags: c.Flags, Compiler: c.Compiler, Cache: c.Cache, Env: c.Env, Go: c.Go,
	})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "racebench-explore-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r := &Report{
		Schema: ReportVersion, GoVersion: b.Toolchain.Version, Race: c.Race, Seed: c.Seed, Strategy: c.Strategy,
		Packages: []PackageReport{}, Limits: modeLimits(c.Race),
	}
	if c.KeepBinary != "" && len(b.Packages) != 1 {
		return nil, &OptionError{"a binary can be kept only of a single package"}
	}
	s := &search{config: c, builder: b, start: start}
	defer func() { r.Elapsed = time.Since(start) }()
	for _, path := range b.Untested {
		c.Observer.PackageBegins(path)
		r.Packages = append(r.Packages, PackageReport{ImportPath: path, NoFiles: true})
		c.Observer.PackageEnds(&r.Packages[len(r.Packages)-1])
	}
	for _, path := range slices.Sorted(maps.Keys(b.Mistaken)) {
		c.Observer.PackageBegins(path)
		r.Packages = append(r.Packages, PackageReport{ImportPath: path, Error: b.Mistaken[path], BuildError: true})
		c.Observer.PackageEnds(&r.Packages[len(r.Packages)-1])
	}
	for i, p := range b.Packages {
		if c.Budget > 0 {
			left := time.Until(start.Add(c.Budget))
			s.packageEnd = time.Now().Add(left / time.Duration(len(b.Packages)-i))
		}
		c.Observer.PackageBegins(p.ImportPath)
		began := time.Now()
		pr := s.explorePackage(ctx, p, dir)
		pr.Elapsed = time.Since(began)
		r.Packages = append(r.Packages, pr)
		c.Observer.PackageEnds(&pr)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		if c.FailFast && len(r.Findings()) > 0 {
			break
		}
	}
	return r, nil
}

// modeLimits says what is no scheduling point in a build.
func modeLimits(race bool) []string {
	if race {
		return []string{"memory accesses outside of the main module are no scheduling points", "weak memory is not modelled: every schedule is sequentially consistent"}
	}
	return []string{
		"without the race detector memory accesses, and the functions of sync/atomic for pointers and uintptr, are no scheduling points, and data races are not seen",
		"weak memory is not modelled: every schedule is sequentially consistent",
	}
}

// explorePackage builds and explores the tests of one package.
func (s *search) explorePackage(ctx context.Context, p engine.Package, dir string) PackageReport {
	pr := PackageReport{ImportPath: p.ImportPath, Dir: p.Dir}
	s.config.Progress(Progress{Package: p.ImportPath, Phase: "build", First: s.builder.First(), Elapsed: time.Since(s.start)})
	bin, err := s.builder.Build(ctx, p, dir)
	if err != nil {
		pr.Error = err.Error()
		var be *BuildError
		if errors.As(err, &be) {
			pr.Error, pr.BuildError = be.Output, true
		}
		return pr
	}
	defer os.Remove(bin.Path)
	if s.config.KeepBinary != "" {
		if err := copyFile(bin.Path, s.config.KeepBinary); err != nil {
			pr.Error = err.Error()
			return pr
		}
	}
	s.bin = bin
	s.process = nil
	s.epoch = time.Now().Round(0)
	defer s.retire()
	if err := s.need(ctx); err != nil {
		if errors.Is(err, engine.ErrExited) {
			err = fmt.Errorf("%w (does TestMain call m.Run?)", err)
		}
		pr.Error = err.Error()
		return pr
	}
	tests := s.process.Tests
	for i, name := range tests {
		if ctx.Err() != nil {
			pr.Error = "interrupted"
			return pr
		}
		s.testEnd = time.Time{}
		if !s.packageEnd.IsZero() {
			s.testEnd = time.Now().Add(time.Until(s.packageEnd) / time.Duration(len(tests)-i))
		}
		s.config.Observer.TestBegins(p.ImportPath, name)
		tr := s.exploreTest(ctx, name)
		pr.Tests = append(pr.Tests, tr)
		s.config.Observer.TestEnds(p.ImportPath, &tr)
		if s.config.FailFast && len(tr.Findings) > 0 {
			break
		}
	}
	return pr
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o755)
}

// corpusDir is where the schedules of the current package are kept.
func (s *search) corpusDir() string {
	if s.config.Corpus != "" {
		return filepath.Join(s.config.Corpus, strings.ReplaceAll(s.bin.Package.ImportPath, "/", "_"))
	}
	return filepath.Join(s.bin.Package.Dir, "testdata", "racebench")
}
