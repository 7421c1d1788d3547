package crash_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"racebench/internal/result"
	"racebench/internal/runner/crash"
)

// The test binary is the process that ends: its argument says how.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if f, ok := ends[os.Args[1]]; ok {
			f()
			os.Exit(97)
		}
	}
	os.Exit(m.Run())
}

var ends = map[string]func(){
	"panic":       func() { panic("a\nfatal error: not really") },
	"nil":         func() { var p *int; *p = 1 },
	"asleep":      func() { select {} },
	"zero":        func() { os.Exit(0) },
	"two":         func() { os.Exit(2) },
	"pretend":     func() { fmt.Fprintln(os.Stderr, "fatal error: concurrent map writes"); os.Exit(0) },
	"killed":      func() { kill(syscall.SIGKILL) },
	"abort":       func() { kill(syscall.SIGABRT) },
	"recovered":   func() { defer func() { panic(fmt.Sprint("again ", recover())) }(); panic("once") },
	"unlock":      func() { new(sync.Mutex).Unlock() },
	"outofmemory": func() { limited() },
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		end     string
		kind    result.Kind
		message string
		dump    bool
	}{
		{"panic", result.Panic, "panic: a", true},
		{"nil", result.Panic, "nil pointer dereference", true},
		{"asleep", result.Deadlock, "all goroutines are asleep", true},
		{"zero", result.Hostile, "exit code 0", false},
		{"two", result.Hostile, "exit code 2 and no reason", false},
		{"pretend", result.Hostile, "exit code 0", false},
		{"killed", result.ResourceLimit, "from outside", false},
		{"abort", result.Fatal, "abort", true},
		{"recovered", result.Panic, "panic: once", true},
		{"unlock", result.Fatal, "unlock of unlocked mutex", true},
		{"outofmemory", result.ResourceLimit, "limit", false},
	} {
		t.Run(c.end, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], c.end)
			cmd.Env = []string{"GOTRACEBACK=all"}
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
				t.Fatal(err)
			}
			got := crash.Explain(cmd.ProcessState, stderr.String())
			if got.Kind != c.kind || !strings.Contains(got.Message, c.message) || c.dump && got.Dump == "" {
				t.Errorf("%s: %q, dump %v; stderr:\n%s", got.Kind, got.Message, got.Dump != "", stderr.String())
			}
			if got.Unexplained != (c.end == "killed") {
				t.Errorf("unexplained: %v", got.Unexplained)
			}
		})
	}
}

func kill(sig syscall.Signal) {
	_ = syscall.Kill(os.Getpid(), sig)
	select {}
}

// limited uses more memory than it gave itself.
func limited() {
	limit := syscall.Rlimit{Cur: 512 << 20, Max: 512 << 20}
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &limit); err != nil {
		os.Exit(98)
	}
	var kept [][]byte
	for {
		b := make([]byte, 8<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		kept = append(kept, b)
		if len(kept) > 1<<10 {
			os.Exit(99)
		}
	}
}
