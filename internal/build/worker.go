package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"racebench"
)

// Variant is how a worker is built.
type Variant struct {
	// Race compiles with the race detector.
	Race bool
	// Noise puts noise points into the candidate's packages. Performance is
	// measured without.
	Noise bool
	// Leak builds the goroutine leak profile in.
	Leak bool
}

// String names the variant, such as "race+noise+leak" or "plain".
func (v Variant) String() string {
	var parts []string
	for _, p := range []struct {
		on   bool
		name string
	}{{v.Race, "race"}, {v.Noise, "noise"}, {v.Leak, "leak"}} {
		if p.on {
			parts = append(parts, p.name)
		}
	}
	if len(parts) == 0 {
		return "plain"
	}
	return strings.Join(parts, "+")
}

// Binary is a worker that can be started.
type Binary struct {
	Path string
	Race bool
	Leak bool
	// Cached says that it was there already; otherwise Took is how long its
	// building took, waiting for other builds of the same binary included.
	Cached bool
	Took   time.Duration
}

// Options configure a Builder. The zero value is good for use.
type Options struct {
	// Dir is the cache folder, CacheDir if empty.
	Dir string
	// Report is called with a sentence about what is being built, before each
	// build that is not in the cache. It may be called concurrently.
	Report func(sentence string)
	// Timeout bounds one build; 10 minutes if zero.
	Timeout time.Duration
	// Binaries and Objects cap the cache in bytes; the defaults if zero.
	Binaries, Objects int64
	// Sources replace the embedded sources of the worker, by path from the
	// module's root; for tests.
	Sources map[string][]byte
}

// Builder builds workers and keeps them. It is safe for concurrent use, by
// several processes, too.
type Builder struct {
	toolchain Toolchain
	options   Options
	// shared are the files that every worker is made of beside the candidate's, and
	// sharedKey names them.
	shared    map[string][]byte
	sharedKey string
}

// NewBuilder prepares the cache folder.
func NewBuilder(tc Toolchain, options Options) (*Builder, error) {
	var err error
	if options.Dir == "" {
		if options.Dir, err = CacheDir(); err != nil {
			return nil, err
		}
	}
	if options.Dir, err = filepath.Abs(options.Dir); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	if options.Timeout == 0 {
		options.Timeout = 10 * time.Minute
	}
	if options.Binaries == 0 {
		options.Binaries = DefaultBinaries
	}
	if options.Objects == 0 {
		options.Objects = DefaultObjects
	}
	worker := options.Sources
	if worker == nil {
		if worker, err = racebench.WorkerSources(); err != nil {
			return nil, err
		}
	}
	if err := openStore(options.Dir); err != nil {
		return nil, err
	}
	files := shared(worker)
	return &Builder{toolchain: tc, options: options, shared: files, sharedKey: digest("", files)}, nil
}

// Toolchain returns the toolchain that the builder uses.
func (b *Builder) Toolchain() Toolchain { return b.toolchain }

// Dir returns the cache folder.
func (b *Builder) Dir() string { return b.options.Dir }

// Worker returns the worker of the given candidate sources, keyed like
// "cache/cache.go", and builds it where the cache does not hold it. The error
// is a *CompileError if the candidate does not compile; any other error is
// racebench's.
func (b *Builder) Worker(ctx context.Context, sources map[string][]byte, variant Variant) (Binary, error) {
	if variant.Race && !b.toolchain.Race {
		return Binary{}, fmt.Errorf("build: no race detector: %s", b.toolchain.RaceMissing)
	}
	if variant.Leak && !b.toolchain.Leak {
		return Binary{}, fmt.Errorf("build: no leak profile: %s", b.toolchain.LeakMissing)
	}
	start := time.Now()
	files, err := candidate(sources, variant)
	if err != nil {
		return Binary{}, err
	}
	key := b.key(files, variant)
	binary := Binary{
		Path: filepath.Join(b.options.Dir, binDir, key, executable("worker")),
		Race: variant.Race, Leak: variant.Leak, Cached: true,
	}
	if touch(binary.Path) {
		return binary, nil
	}

	unlock, err := lock(ctx, filepath.Join(b.options.Dir, lockDir, key))
	if err != nil {
		return Binary{}, err
	}
	defer unlock()
	// Somebody else may have built it while we waited.
	if touch(binary.Path) {
		return binary, nil
	}
	err = b.build(ctx, files, variant, binary.Path)
	if ours := (*CompileError)(nil); errors.As(err, &ours) && variant.Noise {
		err = b.explain(ctx, sources, variant, err)
	}
	if err != nil {
		return Binary{}, err
	}
	binary.Cached, binary.Took = false, time.Since(start)
	b.trim()
	return binary, nil
}

// explain builds a candidate that failed to compile again, as it was written:
// the noise points move columns, and a failure that they alone cause is not
// the candidate's.
func (b *Builder) explain(ctx context.Context, sources map[string][]byte, variant Variant, failure error) error {
	variant.Noise = false
	files, err := candidate(sources, variant)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(filepath.Join(b.options.Dir, tempDir), "explain-")
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	err = b.build(ctx, files, variant, filepath.Join(scratch, "bin", executable("worker")))
	if err != nil {
		return err
	}
	return fmt.Errorf("build: compiles without noise points, but not with them: %w", errors.New(failure.Error()))
}

// Environ is the pinned environment of the go command, with or without cgo.
func (b *Builder) Environ(cgo bool) []string {
	return b.toolchain.environ(b.options.Dir, "", cgo)
}

// standardFlags are the build flags that count for the objects of the standard
// library.
var standardFlags = []string{"-trimpath", "-gcflags=all=-dwarf=false"}

// Standard is the pinned environment of the go command, and the build flags,
// with which the objects of the standard library are those of the plain worker.
func (b *Builder) Standard() (env, flags []string) {
	return b.environ(b.standard()), slices.Clone(standardFlags)
}

// standard is how the worker is built that every judgement needs.
func (b *Builder) standard() Variant { return Variant{Leak: b.toolchain.Leak} }

// key names a binary by everything that it is made of; files are the candidate's.
func (b *Builder) key(files map[string][]byte, variant Variant) string {
	return digest(fmt.Sprintf("%s\n%s\n%s\n%s\n%s\n%q %q", b.sharedKey, b.toolchain.Version, b.toolchain.Root, b.toolchain.CC, variant, standardFlags, Hasty), files)
}

// build compiles the module with the candidate's files into the file at target,
// which appears there whole or not at all.
func (b *Builder) build(ctx context.Context, files map[string][]byte, variant Variant, target string) error {
	dir, err := os.MkdirTemp(filepath.Join(b.options.Dir, tempDir), "worker-")
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	module, err := b.sharedModule()
	if err != nil {
		return err
	}
	overlaid, err := overlay(dir, files)
	if err != nil {
		return err
	}
	out := filepath.Join(dir, "out", filepath.Base(target))
	if err := os.Mkdir(filepath.Dir(out), 0o700); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	// Stripping symbols halves the time to link and leaves the tables alone
	// from which stacks and race reports are printed.
	args := slices.Concat([]string{"build", "-buildvcs=false", "-pgo=off", "-ldflags=-s -w", "-overlay", overlaid, "-o", out}, standardFlags)
	if variant.Noise {
		args = append(args, "-gcflags="+racebench.Module+"/internal/scenarios/...="+strings.Join(Hasty, " "))
	}
	if variant.Race {
		args = append(args, "-race")
	}
	first := b.announce(variant)
	output, err := b.run(ctx, module, variant, append(args, ".")...)
	if err != nil {
		output = inModule(output, dir)
		if e := compileError(output); e != nil {
			return e
		}
		// The built-in components stay far below the limits, the compiling of
		// the standard library aside.
		if e := limitError(output, err); e != nil && first == "" {
			return e
		}
		if e := loadError(output); e != nil {
			return e
		}
		return err
	}
	if first != "" {
		_ = os.WriteFile(first, nil, 0o600)
	}
	if err := os.Rename(filepath.Dir(out), filepath.Dir(target)); err != nil {
		if touch(target) {
			return nil
		}
		return fmt.Errorf("build: %w", err)
	}
	return nil
}

// announce reports what is going to be built. The first build of a variant on
// a machine compiles the standard library, too; then announce returns the file
// that says it was done.
func (b *Builder) announce(variant Variant) (first string) {
	standard := Variant{Race: variant.Race, Leak: variant.Leak}
	mark := filepath.Join(b.options.Dir, stdDir, b.toolchain.Version+"-"+standard.String())
	sentence := "building the worker (" + variant.String() + ")"
	if _, err := os.Stat(mark); err != nil {
		first = mark
		sentence += "; the first of its kind on this machine, so the standard library is compiled as well, which takes up to a minute or two"
	}
	if b.options.Report != nil {
		b.options.Report(sentence)
	}
	return first
}

// Hasty are the compiler's flags for code that is compiled anew with each
// candidate and whose speed is not measured. With them the scenarios compile in
// half of the time.
var Hasty = []string{"-dwarf=false", "-l"}

// run runs the go command in dir and returns what it printed.
func (b *Builder) run(ctx context.Context, dir string, variant Variant, args ...string) (string, error) {
	bounded, cancel := context.WithTimeout(ctx, b.options.Timeout)
	defer cancel()
	cmd := exec.CommandContext(bounded, b.toolchain.Go, args...)
	cmd.Dir = dir
	cmd.Env = b.environ(variant)
	cmd.WaitDelay = 5 * time.Second
	contain(cmd)
	output := &capped{limit: 1 << 20}
	cmd.Stdout, cmd.Stderr = output, output
	err := cmd.Start()
	if err == nil {
		if err := bound(cmd.Process.Pid); err != nil {
			_ = cmd.Cancel()
			_ = cmd.Wait()
			return "", err
		}
		err = cmd.Wait()
	}
	switch {
	case err == nil:
		return output.String(), nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("build: %w", context.Cause(ctx))
	case bounded.Err() != nil:
		return "", fmt.Errorf("build: go %s: %w after %v", args[0], ErrBuildTimeout, b.options.Timeout)
	}
	// What waits for its children has their processor time, and the kernel's kill
	// is reported by it, not seen from here.
	if state := cmd.ProcessState; state != nil && state.UserTime()+state.SystemTime() >= maxCPU && strings.Contains(output.String(), "signal: killed") {
		err = fmt.Errorf("%w: %w", errBuildCPU, err)
	}
	text := strings.TrimSpace(output.String())
	if len(text) > 2000 {
		text = text[:2000] + " …"
	}
	return output.String(), fmt.Errorf("build: go %s: %w\n%s", args[0], err, text)
}

// The limits of each process of a build: of address space and of a file that it
// writes, in bytes, and of processor time. The slowest package of a right
// candidate takes seconds, however busy the machine is.
const (
	maxMemory = 16 << 30
	maxOutput = 64 << 20
	maxCPU    = time.Minute
)

// errBuildCPU is wrapped by the error of a build one process of which was killed
// after maxCPU.
var errBuildCPU = errors.New("out of processor time")

// ErrBuildTimeout is wrapped by the error of a build that took longer than
// Options.Timeout.
var ErrBuildTimeout = errors.New("not finished")

// environ is the environment in which a variant is built.
func (b *Builder) environ(variant Variant) []string {
	experiment := ""
	if variant.Leak {
		experiment = leakExperiment
	}
	return b.toolchain.environ(b.options.Dir, experiment, variant.Race)
}

// capped keeps the first bytes that are written to it. The exec package writes
// to it from one goroutine only, because stdout and stderr are the same value.
type capped struct {
	bytes.Buffer
	limit int
}

func (c *capped) Write(p []byte) (int, error) {
	if room := c.limit - c.Len(); room > 0 {
		c.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// trim brings the cache below its limits, unless it was done a short while ago.
func (b *Builder) trim() {
	if now := time.Now(); trimDue(b.options.Dir, now) {
		trim(b.options.Dir, b.options.Binaries, b.options.Objects, now)
	}
}

// touch marks a binary as used and says whether it is there. Eviction goes by
// the time of its folder.
func touch(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	now := time.Now()
	_ = os.Chtimes(filepath.Dir(path), now, now)
	return true
}

// executable is the file name of a program on this system.
func executable(name string) string {
	if os.PathSeparator == '\\' {
		return name + ".exe"
	}
	return name
}
