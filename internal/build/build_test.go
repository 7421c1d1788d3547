package build_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"racebench/internal/build"
)

// testSources is a worker that prints what it was built as, makes the
// candidate panic, or makes it race.
var testSources = map[string][]byte{
	"internal/worker/worker.go": []byte(`package worker

import (
	"fmt"
	"os"
	"runtime/pprof"

	"racebench/internal/cache"
	"racebench/internal/noise"
)

func Main(int) int {
	switch os.Getenv("MODE") {
	case "panic":
		cache.Panic()
	case "race":
		cache.Race()
	default:
		noise.Set(1, noise.Heavy)
		fmt.Println("leak profile:", pprof.Lookup("goroutineleak") != nil)
	}
	return 7
}
`),
	"internal/scenarios/scenarios.go": []byte("package scenarios\n\nfunc Suite() int { return 0 }\n"),
	"internal/noise/noise.go": []byte(`package noise

func Set(seed uint64, level int) {}

func At(site uint32) {}

func After[T any](v T, site uint32) T { return v }

const Heavy = 3
`),
	"internal/cache/cache.go": []byte("package cache\n\nbuilt-in, must be replaced\n"),
}

const cacheSource = `package cache

var n int

func Panic() {
	if n == 0 { panic("here") }
}

func Race() {
	done := make(chan bool)
	go func() {
		n++
		done <- true
	}()
	n++
	<-done
}
`

func candidate(cache string) map[string][]byte {
	return map[string][]byte{
		"cache/cache.go":           []byte(cache),
		"counter/counter.go":       []byte("package counter\n"),
		"workerpool/workerpool.go": []byte("package workerpool\n"),
	}
}

// newBuilder returns a builder with an empty cache of binaries. With the user's
// real cache it shares the go command's objects alone, because compiling the
// standard library anew takes a minute.
func newBuilder(t *testing.T, report func(string)) *build.Builder {
	t.Helper()
	tc, err := build.Detect(t.Context())
	if errors.Is(err, build.ErrNoToolchain) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cache, err := build.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	objects := filepath.Join(cache, "go-build")
	if err := os.MkdirAll(objects, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(objects, filepath.Join(dir, "go-build")); err != nil {
		t.Fatal(err)
	}
	b, err := build.NewBuilder(tc, build.Options{Dir: dir, Sources: testSources, Report: report})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func runWorker(t *testing.T, bin build.Binary, mode string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(bin.Path)
	cmd.Env = []string{"MODE=" + mode, "GORACE=atexit_sleep_ms=0"}
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestWorker(t *testing.T) {
	var reports []string
	b := newBuilder(t, func(s string) { reports = append(reports, s) })
	v := build.Variant{Noise: true, Leak: b.Toolchain().Leak}
	bin, err := b.Worker(t.Context(), candidate(cacheSource), v)
	if err != nil {
		t.Fatal(err)
	}
	if bin.Cached || bin.Race || bin.Leak != v.Leak || bin.Took <= 0 {
		t.Errorf("first build: %+v", bin)
	}
	if len(reports) != 1 || !strings.Contains(reports[0], v.String()) {
		t.Errorf("reports: %q", reports)
	}
	stdout, _, code := runWorker(t, bin, "")
	if code != 7 || (v.Leak && stdout != "leak profile: true\n") {
		t.Errorf("worker: exit code %d, stdout %q", code, stdout)
	}

	_, stderr, code := runWorker(t, bin, "panic")
	if code != 2 || !strings.Contains(stderr, "racebench/internal/cache/cache.go:6") {
		t.Errorf("a stripped, instrumented worker panics with code %d and without its position:\n%s", code, stderr)
	}

	again, err := b.Worker(t.Context(), candidate(cacheSource), v)
	if err != nil || !again.Cached || again.Path != bin.Path {
		t.Errorf("second build: %+v, %v", again, err)
	}
	if len(reports) != 1 {
		t.Errorf("a cached build was reported: %q", reports)
	}
	other, err := b.Worker(t.Context(), candidate(cacheSource+"\n// changed\n"), v)
	if err != nil || other.Cached || other.Path == bin.Path {
		t.Errorf("changed source: %+v, %v", other, err)
	}
}

func TestRaceWorker(t *testing.T) {
	b := newBuilder(t, nil)
	if !b.Toolchain().Race {
		t.Skip(b.Toolchain().RaceMissing)
	}
	bin, err := b.Worker(t.Context(), candidate(cacheSource), build.Variant{Race: true, Noise: true})
	if err != nil {
		t.Fatal(err)
	}
	_, stderr, _ := runWorker(t, bin, "race")
	for _, want := range []string{"DATA RACE", "internal/cache/cache.go:12", "internal/cache/cache.go:15"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("race report lacks %q:\n%s", want, stderr)
		}
	}
}

func TestCompileError(t *testing.T) {
	b := newBuilder(t, nil)
	source := strings.Replace(cacheSource, "n++\n\t<-done", "n++; undefined1()\n\t<-done", 1)
	_, err := b.Worker(t.Context(), candidate(source), build.Variant{Noise: true})
	var ce *build.CompileError
	if !errors.As(err, &ce) {
		t.Fatalf("error is %v, not a CompileError", err)
	}
	// The column is that of the source as written, not of the instrumented one.
	if want := "cache/cache.go:15:7: undefined: undefined1"; ce.Output != want {
		t.Errorf("output %q, want %q", ce.Output, want)
	}
	f := ce.Finding()
	if len(f.Positions) != 1 || f.Positions[0].File != "cache/cache.go" || f.Component != "cache" {
		t.Errorf("finding %+v", f)
	}

	_, err = b.Worker(t.Context(), candidate("package cache\n\nfunc Race( {\n"), build.Variant{Noise: true})
	if !errors.As(err, &ce) || !strings.Contains(ce.Output, "cache/cache.go:3:12: syntax error") {
		t.Errorf("syntax error: %v", err)
	}
}

// TestMissingName: what our sources use and the candidate lacks is its fault,
// although the compiler complains about our file.
func TestMissingName(t *testing.T) {
	b := newBuilder(t, nil)
	_, err := b.Worker(t.Context(), candidate("package cache\n\nfunc Race() {}\n"), build.Variant{})
	var ce *build.CompileError
	if !errors.As(err, &ce) {
		t.Fatalf("error is %v, not a CompileError", err)
	}
	if want := "racebench's internal/worker/worker.go:15:9: undefined: cache.Panic"; ce.Output != want {
		t.Errorf("output %q, want %q", ce.Output, want)
	}
}

// TestHugeObject: a few bytes of source that compile to very many fill
// nobody's disk.
func TestHugeObject(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no limits for a running process here")
	}
	b := newBuilder(t, nil)
	if _, err := b.Worker(t.Context(), candidate(cacheSource), build.Variant{}); err != nil {
		t.Fatal(err)
	}
	source := cacheSource + "\nvar Hoard = [1 << 24]int{1<<24 - 1: 1}\n"
	_, err := b.Worker(t.Context(), candidate(source), build.Variant{})
	var ce *build.CompileError
	if !errors.As(err, &ce) {
		t.Fatalf("error is %v, not a CompileError", err)
	}
	if want := "the compiled code is larger than 64 MiB"; ce.Output != want {
		t.Errorf("output %q, want %q", ce.Output, want)
	}
}

// TestOurFault: what the compiler does not complain about is never called the
// candidate's.
// TestRefusedPackage: what the go command does not even begin to compile is a
// mistake of the candidate's as well.
func TestRefusedPackage(t *testing.T) {
	b := newBuilder(t, nil)
	sources := candidate(cacheSource)
	sources["cache/CACHE.go"] = []byte("package cache\n")
	_, err := b.Worker(t.Context(), sources, build.Variant{})
	var ce *build.CompileError
	if !errors.As(err, &ce) || !strings.Contains(ce.Output, "cache: case-insensitive file name collision") {
		t.Errorf("error is %v, not a CompileError", err)
	}
}

func TestOurFault(t *testing.T) {
	b := newBuilder(t, nil)
	var ce *build.CompileError
	if _, err := b.Worker(t.Context(), map[string][]byte{"../main.go": nil}, build.Variant{}); err == nil || errors.As(err, &ce) {
		t.Errorf("a path outside of the candidate: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(b.Dir(), "tmp")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Worker(t.Context(), candidate(cacheSource+"// x\n"), build.Variant{}); err == nil || errors.As(err, &ce) {
		t.Errorf("a cache without its folders: %v", err)
	}
}

// TestUserEnvironment: what the user or a candidate left in the environment
// changes neither the build nor its key.
func TestUserEnvironment(t *testing.T) {
	b := newBuilder(t, nil)
	want, err := b.Worker(t.Context(), candidate(cacheSource), build.Variant{})
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{
		"GOFLAGS": "-nonsense", "GOWORK": "/nonsense", "GOTOOLCHAIN": "go1.99", "GOARCH": "nonsense",
		"GOEXPERIMENT": "nonsense", "GO111MODULE": "off", "GODEBUG": "nonsense=1",
	} {
		t.Setenv(k, v)
	}
	tc, err := build.Detect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if tc != b.Toolchain() {
		t.Errorf("toolchain %+v, want %+v", tc, b.Toolchain())
	}
	if _, err := b.Worker(t.Context(), candidate(cacheSource+"\n// again\n"), build.Variant{}); err != nil {
		t.Error(err)
	}
	if got, err := b.Worker(t.Context(), candidate(cacheSource), build.Variant{}); err != nil || !got.Cached || got.Path != want.Path {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestConcurrentBuilds(t *testing.T) {
	b := newBuilder(t, nil)
	var wg sync.WaitGroup
	built := make([]build.Binary, 4)
	for i := range built {
		wg.Go(func() {
			var err error
			if built[i], err = b.Worker(t.Context(), candidate(cacheSource), build.Variant{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	fresh := 0
	for _, bin := range built {
		if !bin.Cached {
			fresh++
		}
		if bin.Path != built[0].Path {
			t.Errorf("paths differ: %v", built)
		}
	}
	if fresh != 1 {
		t.Errorf("built %d times", fresh)
	}
}

// What candidates have in common lies in the cache once, whoever builds first.
func TestSharedSources(t *testing.T) {
	b := newBuilder(t, nil)
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			source := fmt.Sprintf("%s\nconst number = %d\n", cacheSource, i)
			if _, err := b.Worker(t.Context(), candidate(source), build.Variant{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	modules, err := filepath.Glob(filepath.Join(b.Dir(), "src", "*", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) != 1 {
		t.Errorf("modules: %v, want one", modules)
	}
	if left, err := filepath.Glob(filepath.Join(b.Dir(), "src", "*", "internal", "cache")); err != nil || len(left) > 0 {
		t.Errorf("a candidate's files in what is shared: %v, %v", left, err)
	}
}

func TestCancelledBuild(t *testing.T) {
	b := newBuilder(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Worker(ctx, candidate(cacheSource+"// cancelled\n"), build.Variant{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(b.Dir(), "tmp", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLayOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := build.LayOut(dir, candidate(cacheSource)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "internal/cache/cache.go"))
	if err != nil || string(got) != cacheSource {
		t.Errorf("%q, %v", got, err)
	}
	if err := build.LayOut(dir, candidate(cacheSource)); err == nil {
		t.Error("an existing file was replaced")
	}
}

func TestSourcePath(t *testing.T) {
	for frame, want := range map[string]string{
		"racebench/internal/cache/cache.go":           "cache/cache.go",
		"/home/someone/rb/internal/counter/a_b.go":    "counter/a_b.go",
		"internal/workerpool/queue.go":                "workerpool/queue.go",
		"racebench/internal/scenarios/cache/cache.go": "",
		"racebench/internal/model/cache.go":           "",
		"sync/mutex.go":                               "",
	} {
		got, ok := build.SourcePath(frame)
		if got != want || ok != (want != "") {
			t.Errorf("SourcePath(%q) = %q, %v", frame, got, ok)
		}
	}
}
