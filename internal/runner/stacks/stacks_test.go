package stacks_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"racebench/internal/runner/stacks"
)

var update = flag.Bool("update", false, "write the golden files")

// The dumps in testdata were recorded by the runner's tests (-update there)
// from a worker that ran its fixtures.
func TestPicture(t *testing.T) {
	text, err := os.ReadFile("../testdata/overlay/fixtures.go")
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string][]byte{"internal/planted/fixtures.go": text}
	dumps, err := filepath.Glob("testdata/*.dump")
	if err != nil || len(dumps) < 4 {
		t.Fatalf("%d dumps, %v", len(dumps), err)
	}
	for _, file := range dumps {
		name := strings.TrimSuffix(filepath.Base(file), ".dump")
		t.Run(name, func(t *testing.T) {
			dump, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			list, err := stacks.Parse(string(dump))
			if err != nil {
				t.Fatal(err)
			}
			got := render(list, sources)
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("picture (-want +got):\n%s", d)
			}
		})
	}
}

func render(list []stacks.Goroutine, sources map[string][]byte) string {
	var b strings.Builder
	for _, w := range stacks.Picture(list, sources) {
		fmt.Fprintf(&b, "%s [%s] x%d waits for %s\n", w.Goroutine, w.State, w.Count, w.For)
		for _, p := range w.At {
			if strings.HasPrefix(p.File, "internal/") {
				fmt.Fprintf(&b, "  at %s:%d %s\n", p.File, p.Line, p.Function)
			}
		}
		for _, h := range w.HeldBy {
			fmt.Fprintf(&b, "  held by %s\n", h)
		}
	}
	return b.String()
}

// TestHolderPastABranchThatLeaves: a branch that unlocks and returns was not taken
// by who is below it, so the lock is still held there; after a loop that ends by a
// break it is not.
func TestHolderPastABranchThatLeaves(t *testing.T) {
	sources := map[string][]byte{"cache/cache.go": []byte(`package cache

func (c *Cache) Wait() int {
	c.mu.Lock()
	if c.hit {
		c.mu.Unlock()
		return 1
	}
	<-c.done // line 9
	c.mu.Unlock()
	return 2
}

func (c *Cache) Loop() {
	for {
		c.mu.Lock()
		if c.hit {
			c.mu.Unlock()
			break
		}
		c.mu.Unlock()
	}
	<-c.done // line 23
}

func (c *Cache) Get() {
	c.mu.Lock() // line 27
}
`)}
	dump := func(method string, line int) string {
		return fmt.Sprintf(`goroutine 7 [chan receive]:
racebench/internal/cache.(*Cache).%s(0xc000010000)
	racebench/internal/cache/cache.go:%d +0x25

goroutine 8 [sync.Mutex.Lock]:
internal/sync.runtime_SemacquireMutex(0x1, 0x0, 0x1)
	runtime/sema.go:95 +0x25
sync.(*Mutex).Lock(...)
	sync/mutex.go:46
racebench/internal/cache.(*Cache).Get(0xc000010000)
	racebench/internal/cache/cache.go:27 +0x25
`, method, line)
	}
	for _, c := range []struct {
		method string
		line   int
		held   string
	}{
		{"Wait", 9, "held by goroutine 7, likely: c.mu.Lock at cache/cache.go:4"},
		{"Loop", 23, "held by none of these goroutines"},
	} {
		list, err := stacks.Parse(dump(c.method, c.line))
		if err != nil {
			t.Fatal(err)
		}
		if got := render(list, sources); !strings.Contains(got, c.held) {
			t.Errorf("blocked in %s: want %q in\n%s", c.method, c.held, got)
		}
	}
}

// TestWhoSignals: of a goroutine that waits on a condition the reader learns who
// could wake it, and that a Signal wakes one only.
func TestWhoSignals(t *testing.T) {
	sources := map[string][]byte{"workerpool/workerpool.go": []byte(`package workerpool

func (p *Pool) Close() {
	for p.running > 0 {
		p.done.Wait() // line 5
	}
}

func (q *Pool) end() {
	func() { q.done.Signal() }() // line 10
}

func (p *Pool) Reset() {
	p.done.Broadcast() // line 14
	p.other.Signal()
}
`)}
	list, err := stacks.Parse(`goroutine 7 [sync.Cond.Wait]:
sync.runtime_notifyListWait(0xc000010000, 0x1)
	runtime/sema.go:617 +0x159
sync.(*Cond).Wait(0xc000010000)
	sync/cond.go:71 +0x75
racebench/internal/workerpool.(*Pool).Close(0xc000010000)
	racebench/internal/workerpool/workerpool.go:5 +0x25
`)
	if err != nil {
		t.Fatal(err)
	}
	want := "waits for a signal on p.done (Signal, which wakes one waiter, at workerpool/workerpool.go:10; Broadcast at workerpool/workerpool.go:14)"
	if got := render(list, sources); !strings.Contains(got, want) {
		t.Errorf("want %q in\n%s", want, got)
	}
}
