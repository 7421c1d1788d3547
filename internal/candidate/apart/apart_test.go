package apart_test

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"racebench/internal/candidate"
	"racebench/internal/candidate/apart"
	"racebench/internal/corpus"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == apart.Arg {
		if held := os.Getenv(threadlessEnv); held != "" {
			endThreadless(held)
		}
		os.Exit(apart.Main(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// write writes an entry of the corpus into a folder.
func write(t *testing.T, name string) string {
	t.Helper()
	c, err := corpus.Load(os.DirFS("../../../testdata/corpus"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := c.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := found[0].Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What is found apart is what is found in place.
func TestSame(t *testing.T) {
	for _, name := range []string{"pass/cache-mutex", "hostile/call-stack", "hostile/missing-package"} {
		dir := write(t, name)
		want, err := candidate.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		got, err := apart.Load(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// A constant of a terabyte ends the examination and not the judge.
func TestExhausting(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is bounded on Linux alone")
	}
	c, err := apart.Load(t.Context(), write(t, "hostile/cache-constant-bomb-repeated"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(c.Unjudgeable, "exhausts what there is") {
		t.Errorf("unjudgeable: %q", c.Unjudgeable)
	}
}

// threadlessEnv has the examination end for want of a thread, when it has held so
// many MiB.
const threadlessEnv = "APART_TEST_THREADLESS"

func endThreadless(held string) {
	n, err := strconv.Atoi(held)
	if err != nil {
		panic(err)
	}
	memory := make([]byte, n<<20)
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	fmt.Fprintln(os.Stderr, "runtime/cgo: pthread_create failed: Resource temporarily unavailable")
	runtime.KeepAlive(memory)
	os.Exit(2)
}

// An examination that gets no thread was the candidate's fault if it held much
// memory, and the machine's if not.
func TestThreadless(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what a process held is known on Linux alone")
	}
	dir := write(t, "pass/cache-mutex")
	t.Setenv(threadlessEnv, "700")
	c, err := apart.Load(t.Context(), dir)
	if err != nil || !strings.Contains(c.Unjudgeable, "exhausts what there is") {
		t.Errorf("with much memory: %+v, %v", c, err)
	}
	t.Setenv(threadlessEnv, "1")
	if c, err := apart.Load(t.Context(), dir); err == nil {
		t.Errorf("with little memory: unjudgeable %q, want an error of racebench's own", c.Unjudgeable)
	}
}

// Who interrupts gets the candidate as it was read.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, err := apart.Load(ctx, write(t, "pass/cache-mutex"))
	if err != nil || len(c.Findings) > 0 || len(c.Sources) == 0 {
		t.Errorf("%+v, %v", c, err)
	}
}
