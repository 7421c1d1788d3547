package engine

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTrimCache(t *testing.T) {
	dir := t.TempDir()
	build := filepath.Join(dir, "build", "ab")
	if err := os.MkdirAll(build, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"old", "middle", "new"} {
		file := filepath.Join(build, name)
		if err := os.WriteFile(file, make([]byte, 100), 0o644); err != nil {
			t.Fatal(err)
		}
		used := time.Now().Add(time.Duration(i-3) * time.Hour)
		if err := os.Chtimes(file, used, used); err != nil {
			t.Fatal(err)
		}
	}
	if err := trimCache(dir, 150); err != nil {
		t.Fatal(err)
	}
	left, _ := os.ReadDir(build)
	if len(left) != 1 || left[0].Name() != "new" {
		t.Errorf("left: %v", left)
	}
	// Not again so soon.
	if err := trimCache(dir, 0); err != nil {
		t.Fatal(err)
	}
	if left, _ = os.ReadDir(build); len(left) != 1 {
		t.Errorf("left after the second time: %v", left)
	}
}
