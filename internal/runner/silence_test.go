package runner

import (
	"os"
	"os/exec"
	"testing"
)

// TestSilence: a worker that the processors are busy with may be silent for
// longer, though not for ever, and one that does nothing may not.
func TestSilence(t *testing.T) {
	if _, ok := usage(os.Getpid()); !ok {
		t.Skip("SKIP: what a process has used is not to be had here")
	}
	idle := exec.Command("sleep", "60")
	if err := idle.Start(); err != nil {
		t.Skip("SKIP: ", err)
	}
	defer func() { _ = idle.Process.Kill(); _ = idle.Wait() }()
	asleep, awake := newSilence(idle.Process.Pid), newSilence(os.Getpid())
	burn := func() {
		before, _ := usage(os.Getpid())
		for now := before; now.cpu < before.cpu+200e6; now, _ = usage(os.Getpid()) {
		}
	}
	burn()
	if asleep.busy() {
		t.Error("a process that sleeps is busy")
	}
	granted := 0
	for awake.busy() {
		granted++
		burn()
		if granted > 2*silences {
			t.Fatal("a busy process may be silent for ever")
		}
	}
	if granted != silences {
		t.Errorf("granted %d times, want %d", granted, silences)
	}
}
