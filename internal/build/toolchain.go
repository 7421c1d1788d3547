// Package build makes worker binaries: a candidate's three packages in a module
// of our own, together with the scenarios that judge them, compiled plain or
// with the race detector, with or without noise points, and cached by content.
//
// Whatever the user's environment, go.work or "go env -w" say, the toolchain is
// run with an environment written here, offline, and with a build cache of
// racebench's own.
package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// language is the Go language version that candidates are written in
// (docs/contract.md), and the oldest toolchain that can build them.
const language = "1.25"

// leakExperiment adds the profile "goroutineleak" to a program's runtime.
const leakExperiment = "goroutineleakprofile"

// ErrNoToolchain is wrapped by the error of Detect where no usable go command
// was found.
var ErrNoToolchain = errors.New("no Go toolchain")

// Toolchain is a Go toolchain and what it can build on this machine.
type Toolchain struct {
	// Go is the path of the go command, inside GOROOT.
	Go string
	// Root is its GOROOT.
	Root string
	// Version is such as "go1.26.8".
	Version string
	// CC is the C compiler, empty without one.
	CC string
	// Race says that the race detector can be built; otherwise RaceMissing
	// says what is missing.
	Race        bool
	RaceMissing string
	// Leak says that the goroutine leak profile can be built; otherwise
	// LeakMissing says what is missing.
	Leak        bool
	LeakMissing string
}

// Detect finds the go command on the PATH and what it can build. The error
// wraps ErrNoToolchain where there is none, or one too old for candidates. What
// was found once is the answer as long as the environment stays what it was: to
// look takes a quarter of a second, and many candidates are judged in a row.
func Detect(ctx context.Context) (Toolchain, error) {
	env := strings.Join(os.Environ(), "\x00")
	if tc, ok := detected.Load(env); ok {
		return tc.(Toolchain), nil
	}
	tc, err := detect(ctx)
	if err == nil {
		detected.Store(env, tc)
	}
	return tc, err
}

// detected holds a Toolchain for each environment.
var detected sync.Map

func detect(ctx context.Context) (Toolchain, error) {
	shim, err := exec.LookPath("go")
	if err != nil {
		return Toolchain{}, fmt.Errorf("%w: %w", ErrNoToolchain, err)
	}
	// The go on the PATH may be a script of a version manager that needs the
	// user's environment; the one in GOROOT does not.
	cmd := exec.CommandContext(ctx, shim, "env", "GOROOT")
	cmd.Dir = os.TempDir()
	cmd.Env = append(append(os.Environ(), pinned...), "GOEXPERIMENT=", "GOROOT=")
	root, err := output(cmd)
	if err != nil {
		return Toolchain{}, fmt.Errorf("%w: go env GOROOT: %w", ErrNoToolchain, err)
	}
	tc := Toolchain{Root: root, Go: filepath.Join(root, "bin", filepath.Base(shim))}
	if _, err := os.Stat(tc.Go); err != nil {
		tc.Go = shim
	}

	answers, err := tc.env(ctx, "", "GOVERSION", "CC")
	if err != nil {
		return Toolchain{}, fmt.Errorf("%w: go env: %w", ErrNoToolchain, err)
	}
	tc.Version = answers[0]
	if version.IsValid(tc.Version) && version.Compare(tc.Version, "go"+language) < 0 {
		return Toolchain{}, fmt.Errorf("%w: %s is older than go%s, the language of candidates", ErrNoToolchain, tc.Version, language)
	}
	tc.CC, tc.RaceMissing = raceSupport(ctx, tc.Root, answers[1])
	tc.Race = tc.RaceMissing == ""
	if _, err := tc.env(ctx, leakExperiment, "GOEXPERIMENT"); err != nil {
		tc.LeakMissing = fmt.Sprintf("%s does not know GOEXPERIMENT=%s", tc.Version, leakExperiment)
	} else {
		tc.Leak = true
	}
	return tc, nil
}

// raceSupport returns the C compiler and what the race detector lacks.
func raceSupport(ctx context.Context, root, cc string) (compiler, missing string) {
	runtimes, _ := filepath.Glob(filepath.Join(root, "src/runtime/race", "race_"+runtime.GOOS+"_"+runtime.GOARCH+".syso"))
	more, _ := filepath.Glob(filepath.Join(root, "src/runtime/race/internal", runtime.GOARCH+"*", "race_"+runtime.GOOS+".syso"))
	if len(runtimes)+len(more) == 0 {
		return "", fmt.Sprintf("no race detector for %s/%s in %s", runtime.GOOS, runtime.GOARCH, root)
	}
	words := strings.Fields(cc)
	if len(words) == 0 {
		return "", "no C compiler is configured"
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return "", fmt.Sprintf("the C compiler %s was not found", words[0])
	}
	// A compiler without the C library's headers is a common half-installation.
	cmd := exec.CommandContext(ctx, path, append(words[1:], "-x", "c", "-fsyntax-only", "-")...)
	cmd.Stdin = strings.NewReader("#include <stdlib.h>\n#include <pthread.h>\nint main(void) { return 0; }\n")
	if _, err := output(cmd); err != nil {
		return "", fmt.Sprintf("the C compiler %s does not work: %v", words[0], err)
	}
	return cc, ""
}

// pinned keeps the user's configuration and the network out of a build.
var pinned = []string{
	"GOTOOLCHAIN=local", "GOENV=off", "GOFLAGS=", "GOWORK=off", "GO111MODULE=on",
	"GOPROXY=off", "GOSUMDB=off", "GOVCS=*:off", "GODEBUG=", "GOAUTH=off",
	"GOOS=" + runtime.GOOS, "GOARCH=" + runtime.GOARCH,
}

// environ is the whole environment of a go command. Build cache and module
// cache lie below cache; an empty cache is good for commands that build
// nothing.
func (tc Toolchain) environ(cache, experiment string, cgo bool) []string {
	env := append([]string{"GOROOT=" + tc.Root, "GOEXPERIMENT=" + experiment}, pinned...)
	for _, name := range []string{"PATH", "TMPDIR", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	if cache == "" {
		env = append(env, "GOCACHE=off", "HOME="+os.Getenv("HOME"))
	} else {
		env = append(env,
			"GOCACHE="+filepath.Join(cache, objectsDir),
			"GOPATH="+filepath.Join(cache, pathDir),
			"HOME="+filepath.Join(cache, homeDir),
		)
	}
	if tc.CC != "" {
		env = append(env, "CC="+tc.CC)
	}
	if cgo {
		return append(env, "CGO_ENABLED=1")
	}
	return append(env, "CGO_ENABLED=0")
}

// env asks "go env" for variables.
func (tc Toolchain) env(ctx context.Context, experiment string, names ...string) ([]string, error) {
	cmd := exec.CommandContext(ctx, tc.Go, append([]string{"env"}, names...)...)
	cmd.Dir = os.TempDir()
	cmd.Env = tc.environ("", experiment, true)
	// The user's choice of a C compiler is the one setting that counts.
	if cc := os.Getenv("CC"); cc != "" {
		cmd.Env = append(cmd.Env, "CC="+cc)
	}
	out, err := output(cmd)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(out, "\n")
	if len(lines) != len(names) {
		return nil, fmt.Errorf("%d answers to %d questions", len(lines), len(names))
	}
	return lines, nil
}

// output runs a short command and returns its trimmed stdout; the error carries
// the first line of stderr.
func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n"); line != "" {
			return "", fmt.Errorf("%w: %s", err, line)
		}
		return "", err
	}
	return strings.TrimRight(stdout.String(), "\n"), nil
}
