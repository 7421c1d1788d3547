package runner

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// confinedVariable makes the test binary tell how far it gets; its value is a
// file outside of its folder.
const confinedVariable = "RACEBENCH_CONFINED"

// attempts are what a confined process could do.
type attempts struct {
	Inside, Outside, Process, Network, Inherited bool
	Further                                      string // what was in its further descriptor
	Dir                                          string
}

func confined(outside string) {
	a := attempts{Inherited: os.Getenv("CONFINE_SECRET") != ""}
	a.Inside = os.WriteFile("inside", []byte("x"), 0o600) == nil
	a.Outside = os.WriteFile(outside, []byte("x"), 0o600) == nil
	a.Process = exec.Command("/bin/true").Run() == nil
	if c, err := net.Dial("tcp", "127.0.0.1:9"); err == nil {
		a.Network = true
		c.Close()
	}
	if text, err := io.ReadAll(os.NewFile(3, "further")); err == nil {
		a.Further = string(text)
	}
	a.Dir, _ = os.Getwd()
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		os.Exit(1)
	}
}

// TestConfinement: a process that is not a worker gets no further than one.
func TestConfinement(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes are restricted on Linux alone")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString("handed over"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONFINE_SECRET", "x")
	scratch, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside")
	out, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(exe, "-test.run=none")
	cmd.Env = append(os.Environ(), confinedVariable+"="+outside)
	cmd.Stdout, cmd.ExtraFiles = out, []*os.File{r}
	ended, err := NewConfinement(Options{Launcher: launcher(t)}).Launch(cmd, scratch)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	ended()
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	var got attempts
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	want := attempts{Inside: true, Further: "handed over", Dir: scratch}
	if got != want {
		t.Errorf("the process did %+v, want %+v", got, want)
	}
	if files, _ := filepath.Glob(filepath.Join(filepath.Dir(outside), "*")); slices.Contains(files, outside) {
		t.Error("it wrote outside of its folder")
	}
}

// TestConfinementNamesTheFailure: a program that is not there is racebench's own
// trouble, and is said.
func TestConfinementNamesTheFailure(t *testing.T) {
	cmd := exec.Command("/nowhere/at/all")
	ended, err := NewConfinement(Options{Launcher: launcher(t)}).Launch(cmd, t.TempDir())
	if err == nil {
		_ = cmd.Wait()
		ended()
		t.Fatal("a program that is not there was started")
	}
}
