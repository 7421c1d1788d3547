package candidate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"racebench/internal/candidate"
)

// FuzzLoad: whatever lies in the folder, Load ends, says the same twice, and
// shows nothing that a terminal would obey.
func FuzzLoad(f *testing.F) {
	f.Add("counter.go", stub)
	f.Add("counter.go", strings.Replace(stub, "uint64", "[1<<40]T[T]", 1))
	f.Add("x\x1b[1m.go", "package counter; import \"\\x1b[2J\"")
	f.Add("counter_linux.go", "//go:x\x1b\npackage counter\ntype Stats = Stats\nconst New = New + New\n")
	f.Add("counter.go", "package counter; type Counter[T any] struct { Counter[Counter[T]] }; func (c Counter) New() {}")
	f.Add("counter.go", "package counter; type Stats interface { Stats }; const a = \"1\"; const b = a + b + c; const c = b + a")
	f.Fuzz(func(t *testing.T, name, text string) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "counter"), 0o700); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(name, "/\x00") || name == "." || name == ".." || os.WriteFile(filepath.Join(dir, "counter", name), []byte(text), 0o600) != nil {
			return
		}
		c, err := candidate.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		again, err := candidate.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if c.Unjudgeable == "" || c.Unjudgeable != again.Unjudgeable || c.Hash != again.Hash {
			t.Errorf("first %q, then %q", c.Unjudgeable, again.Unjudgeable)
		}
		for _, m := range append(messages(c), c.Notes...) {
			if strings.ContainsAny(m, "\x1b\n\r\x07") {
				t.Errorf("message %q", m)
			}
		}
	})
}
