package kit_test

import (
	"bytes"
	"context"
	"errors"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"racebench/internal/kit"
	"racebench/internal/kit/baseline"
)

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "fix")
	if err := kit.Write(dir, false); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"TASK.md", "cache/cache.go", "concurrency_test.go", "counter/counter.go", "go.mod", "workerpool/workerpool.go",
	}
	if got := tree(t, dir); !slices.Equal(got, want) {
		t.Errorf("files: %q\nwant:  %q", got, want)
	}
	for _, f := range kit.Files() {
		if got := read(t, dir, f.Name); got != string(f.Data) {
			t.Errorf("%s differs from what the kit holds", f.Name)
		}
	}
}

func TestWriteRefusesAFolderInUse(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "notes.txt", "mine")
	err := kit.Write(dir, false)
	var occupied *kit.OccupiedError
	if !errors.As(err, &occupied) || occupied.Entry != "notes.txt" || occupied.Dir != dir {
		t.Fatalf("Write = %v, want an OccupiedError about notes.txt", err)
	}
	if got := tree(t, dir); !slices.Equal(got, []string{"notes.txt"}) {
		t.Errorf("the folder now holds %q", got)
	}
}

func TestWriteByForceKeepsWhatIsNotTheKits(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "notes.txt", "mine")
	write(t, dir, "cache/more.go", "package cache")
	write(t, dir, "cache/cache.go", "half a fix")
	if err := kit.Write(dir, true); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "notes.txt") + read(t, dir, "cache/more.go"); got != "minepackage cache" {
		t.Errorf("foreign files now hold %q", got)
	}
	if got := read(t, dir, "cache/cache.go"); !strings.HasPrefix(got, "// Package cache") {
		t.Errorf("cache/cache.go was not replaced: %.40q", got)
	}
	if got, want := len(tree(t, dir)), len(kit.Files())+2; got != want {
		t.Errorf("%d files, want %d: %q", got, want, tree(t, dir))
	}
}

func TestWriteStaysInItsFolder(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	write(t, outside, "cache.go", "somebody else's")
	if err := os.Symlink(outside, filepath.Join(dir, "cache")); err != nil {
		t.Fatal(err)
	}
	if err := kit.Write(dir, true); err == nil {
		t.Error("Write followed a link out of the folder")
	}
	if got := read(t, outside, "cache.go"); got != "somebody else's" {
		t.Errorf("a file outside of the folder now holds %.40q", got)
	}
	if got := tree(t, outside); len(got) != 1 {
		t.Errorf("files outside: %q", got)
	}
}

func TestWriteReplacesALinkAndNotWhatItPointsTo(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "precious.txt", "keep me")
	if err := os.Symlink("precious.txt", filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	if err := kit.Write(dir, true); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "precious.txt"); got != "keep me" {
		t.Errorf("the link was followed: %q", got)
	}
}

func TestWriteLeavesNothingHalfDone(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "counter/counter.go/in-the-way", "a folder where a file should be")
	if err := kit.Write(dir, true); err == nil {
		t.Fatal("Write replaced a folder")
	}
	for _, name := range tree(t, dir) {
		if name == "counter/counter.go/in-the-way" {
			continue
		}
		if !slices.ContainsFunc(kit.Files(), func(f kit.File) bool { return f.Name == name }) {
			t.Errorf("left behind: %s", name)
		}
	}
}

func TestSourcesAreFormatted(t *testing.T) {
	for _, f := range kit.Files() {
		if filepath.Ext(f.Name) != ".go" {
			continue
		}
		formatted, err := format.Source(f.Data)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
		} else if !bytes.Equal(formatted, f.Data) {
			t.Errorf("%s is not gofmt-clean", f.Name)
		}
	}
}

// TestTaskHoldsTheContract keeps the two copies of the contract the same.
func TestTaskHoldsTheContract(t *testing.T) {
	contract := read(t, filepath.Join("..", "..", "docs"), "contract.md")
	start := strings.Index(contract, "**G1**")
	if start < 0 {
		t.Fatal("docs/contract.md has no sentence G1")
	}
	dir := t.TempDir()
	if err := kit.Write(dir, false); err != nil {
		t.Fatal(err)
	}
	if task := read(t, dir, "TASK.md"); !strings.HasSuffix(task, contract[start:]) {
		t.Error("TASK.md in starter.txtar does not end with the contract of docs/contract.md, from G1 on")
	}
}

// TestVisibleTestsFailOnTheStarter runs the kit's own tests as its user does,
// until each of them has failed. They depend on the schedule: on an idle machine
// most fail in 3 of 4 runs, on one where other work leaves no two processors at
// once, some fail in 1 of 4. That one passes 40 times in a row once in 100,000
// attempts.
func TestVisibleTestsFailOnTheStarter(t *testing.T) {
	dir := t.TempDir()
	if err := kit.Write(dir, false); err != nil {
		t.Fatal(err)
	}
	runGo(t, dir, "vet", "./...")
	runGo(t, dir, "test", "-c", "-o", "visible.test", ".")

	remaining := regexp.MustCompile(`(?m)^func (Test\w+)`).FindAllStringSubmatch(read(t, dir, "concurrency_test.go"), -1)
	var names []string
	for _, match := range remaining {
		names = append(names, match[1])
	}
	if len(names) == 0 {
		t.Fatal("the kit has no visible tests")
	}
	for range 40 {
		cmd := command(t, dir, filepath.Join(dir, "visible.test"), "-test.run", "^("+strings.Join(names, "|")+")$")
		out, err := cmd.CombinedOutput()
		if err == nil {
			continue
		}
		names = slices.DeleteFunc(names, func(name string) bool {
			return bytes.Contains(out, []byte("--- FAIL: "+name+" "))
		})
		if len(names) == 0 {
			return
		}
	}
	t.Errorf("these visible tests pass on the broken starter: %q", names)
}

// TestVisibleTestsPassOnTheBaseline lays the textbook fix over the kit.
func TestVisibleTestsPassOnTheBaseline(t *testing.T) {
	dir := t.TempDir()
	if err := kit.Write(dir, false); err != nil {
		t.Fatal(err)
	}
	for name, source := range baseline.Sources() {
		write(t, dir, name, string(source))
	}
	t.Run("plain", func(t *testing.T) {
		runGo(t, dir, "test", "-count=1", "./...")
	})
	t.Run("race", func(t *testing.T) {
		if out, err := command(t, dir, "go", "build", "-race", "runtime").CombinedOutput(); err != nil {
			t.Skipf("no race detector here: %s", out)
		}
		runGo(t, dir, "test", "-race", "-count=1", "./...")
	})
}

// runGo runs the go command in dir and fails the test where it fails.
func runGo(t *testing.T, dir string, args ...string) {
	t.Helper()
	if out, err := command(t, dir, "go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func command(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local")
	return cmd
}

// tree lists the files below dir, sorted, with forward slashes.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(dir, name)
		names = append(names, filepath.ToSlash(relative))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
