package runner

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"racebench/internal/runner/isolate"
)

// The test binary is its own launcher.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == isolate.Arg {
		os.Exit(isolate.Main(os.Args[2:]))
	}
	if outside := os.Getenv(confinedVariable); outside != "" {
		confined(outside)
		return
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "racebench-runner-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	buildDir = dir
	return m.Run()
}

var buildDir string

// build compiles a worker that also knows the fixtures.
func build(name string, environment []string, flags ...string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		here, err := os.Getwd()
		if err != nil {
			return "", err
		}
		replace := map[string]string{
			filepath.Join(here, "../worker/execute.go"):   filepath.Join(here, "testdata/overlay/execute.go"),
			filepath.Join(here, "../planted/fixtures.go"): filepath.Join(here, "testdata/overlay/fixtures.go"),
		}
		text, err := json.Marshal(map[string]any{"Replace": replace})
		if err != nil {
			return "", err
		}
		overlay := filepath.Join(buildDir, name+".json")
		if err := os.WriteFile(overlay, text, 0o600); err != nil {
			return "", err
		}
		out := filepath.Join(buildDir, name)
		args := append([]string{"build", "-trimpath", "-overlay", overlay, "-o", out}, flags...)
		cmd := exec.Command("go", append(args, "./testdata/worker")...)
		cmd.Env = append(os.Environ(), environment...)
		if b, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w\n%s", err, b)
		}
		return out, nil
	})
}

var (
	leakEnv   = []string{"GOEXPERIMENT=goroutineleakprofile"}
	leakBuild = build("plain", append(leakEnv, "CGO_ENABLED=0"))
	bareBuild = build("bare", []string{"GOEXPERIMENT=", "CGO_ENABLED=0"})
	raceBuild = build("race", append(leakEnv, "CGO_ENABLED=1"), "-race")
)

// plain, noProfile and race are the workers of the tests.
func plain(t testing.TB) Binary     { return built(t, leakBuild, false) }
func noProfile(t testing.TB) Binary { return built(t, bareBuild, false) }
func race(t testing.TB) Binary      { return built(t, raceBuild, true) }

func built(t testing.TB, f func() (string, error), race bool) Binary {
	t.Helper()
	path, err := f()
	if err != nil {
		if race {
			t.Skipf("no race detector here: %v", err)
		}
		t.Fatal(err)
	}
	return Binary{Path: path, Race: race}
}

func launcher(t testing.TB) []string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{exe, isolate.Arg}
}
