package noise_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"racebench/internal/noise"
)

func BenchmarkOff(b *testing.B) {
	noise.Set(1, noise.Off)
	for b.Loop() {
		noise.At(7)
	}
}

// BenchmarkHeavy is the cost of a scenario of 20000 points in 8 goroutines.
func BenchmarkHeavy(b *testing.B) {
	for b.Loop() {
		noise.Set(uint64(b.N), noise.Heavy)
		hammer(8, 2500)
	}
	noise.Set(0, noise.Off)
}

func hammer(goroutines, points int) {
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for i := range points {
				noise.At(uint32(i % 16))
			}
		})
	}
	wg.Wait()
}

// TestStragglers counts who is held up where 320 statements are visited four times each:
// somebody at every one, up to the bound, or at about one in 32.
func TestStragglers(t *testing.T) {
	defer noise.Set(0, noise.Off)
	heldUp := func(seed uint64, level int) int {
		noise.Set(seed, level)
		for range 4 {
			for site := range uint32(320) {
				noise.At(site)
			}
		}
		return noise.Sleeps()
	}
	if n := heldUp(1, noise.Straggle); n != 64 {
		t.Errorf("at level Straggle somebody was held up %d times, want 64", n)
	}
	sum := 0
	for seed := range uint64(8) {
		sum += heldUp(seed, noise.StraggleFew)
	}
	if sum < 40 || sum > 160 {
		t.Errorf("at level StraggleFew somebody was held up %d times with eight seeds, want about 80", sum)
	}
}

// TestWidensWindow shows that noise does what it is for. A lost update between
// two statements needs a goroutine switch between them; on one processor,
// within a time slice, that happens only at a point.
func TestWidensWindow(t *testing.T) {
	lost := func(level int) int {
		noise.Set(7, level)
		defer noise.Set(0, noise.Off)
		// Each access is under the mutex, the read-modify-write is not.
		var mu sync.Mutex
		n := 0
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 50 {
					mu.Lock()
					v := n
					mu.Unlock()
					noise.At(1)
					mu.Lock()
					n = v + 1
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		return 4*50 - n
	}
	for _, level := range []int{noise.Sparse, noise.Medium, noise.Heavy, noise.Lockstep, noise.Straggle} {
		found := 0
		for range 50 {
			if lost(level) > 0 {
				found++
			}
		}
		// 200 points an iteration: at Sparse one in 32 (or 8) acts, so some 6
		// of them lie in the window; all 50 tries missing has a probability
		// far below 1e-9.
		if found == 0 {
			t.Errorf("level %d: no lost update in 50 tries", level)
		}
		t.Logf("level %d: lost updates in %d of 50 tries", level, found)
	}
}

// TestOrdersNothing runs a program under the race detector whose two writes
// are separated by points and by nothing else. The control run, in which one
// atomic counter is added, shows that such an edge would hide the race.
func TestOrdersNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program with the race detector")
	}
	exe := filepath.Join(t.TempDir(), "edges")
	if out, err := exec.Command("go", "build", "-race", "-o", exe, "./testdata/edges").CombinedOutput(); err != nil {
		t.Skipf("no race build here: %v\n%s", err, out)
	}
	for mode, want := range map[string]bool{"points": true, "heavy": true, "atomic": false} {
		cmd := exec.Command(exe, mode)
		cmd.Env = append(cmd.Environ(), "GORACE=atexit_sleep_ms=0")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		_ = cmd.Run()
		if got := strings.Contains(stderr.String(), "DATA RACE"); got != want {
			t.Errorf("%s: race reported = %v, want %v\n%s", mode, got, want, stderr.String())
		}
	}
}
