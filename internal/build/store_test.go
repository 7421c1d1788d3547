package build

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTrim(t *testing.T) {
	dir := t.TempDir()
	if err := openStore(dir); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	put := func(path string, size int, age time.Duration) string {
		at := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{at, filepath.Dir(at)} {
			if err := os.Chtimes(p, now.Add(-age), now.Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
		return at
	}
	oldest := put("bin/a/worker", 100, 4*time.Hour)
	older := put("bin/b/worker", 100, 3*time.Hour)
	old := put("bin/c/worker", 100, 2*time.Hour)
	fresh := put("bin/d/worker", 100, time.Minute)
	object1 := put("go-build/00/x-d", 100, 3*time.Hour)
	object2 := put("go-build/01/y-d", 100, 2*time.Hour)
	stale := put("tmp/worker-1/module/main.go", 10, 0)
	if err := os.Chtimes(filepath.Join(dir, "tmp/worker-1"), now.Add(-7*time.Hour), now.Add(-7*time.Hour)); err != nil {
		t.Fatal(err)
	}
	busy := put("tmp/worker-2/main.go", 10, time.Minute)
	outdated := put("src/a/main.go", 10, 8*24*time.Hour)
	common := put("src/b/main.go", 10, 6*24*time.Hour)

	trim(dir, 250, 150, now)
	check := func(when string, gone, kept []string) {
		t.Helper()
		for _, p := range gone {
			if _, err := os.Stat(p); err == nil {
				t.Errorf("%s: %s is still there", when, p)
			}
		}
		for _, p := range kept {
			if _, err := os.Stat(p); err != nil {
				t.Errorf("%s: %v", when, err)
			}
		}
	}
	check("first", []string{oldest, older, object1, stale, outdated}, []string{old, fresh, object2, busy, common})
	// What was used within the hour stays, whatever the limit.
	trim(dir, 0, 0, now)
	check("second", []string{old, object2}, []string{fresh})
}

func TestTrimDue(t *testing.T) {
	dir := t.TempDir()
	if err := openStore(dir); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, step := range []struct {
		after time.Duration
		due   bool
	}{{0, false}, {11 * time.Minute, true}, {20 * time.Minute, false}, {22 * time.Minute, true}} {
		if got := trimDue(dir, now.Add(step.after)); got != step.due {
			t.Errorf("after %v: due is %v", step.after, got)
		}
	}
}

func TestClean(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	if err := clean(dir); err != nil {
		t.Errorf("a cache that is not there: %v", err)
	}
	if err := openStore(dir); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := clean(dir); err == nil {
		t.Error("a folder with somebody's file in it was removed")
	}
	if err := os.Remove(foreign); err != nil {
		t.Fatal(err)
	}
	if err := clean(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the cache is still there")
	}
}
