package planted

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"racebench/internal/protocol"
)

// Fixture returns a piece of misbehaviour for the runner's tests.
func Fixture(name string) (Defect, bool) {
	f, ok := fixtures[name]
	return Defect{Name: name, run: func() protocol.Outcome {
		f()
		return protocol.Outcome{Operations: 1, Violations: violations(name)}
	}}, ok
}

// account and its methods are a small component with every classic deadlock.
type account struct {
	mu      sync.Mutex
	audit   sync.Mutex
	state   sync.RWMutex
	changed *sync.Cond
	balance int
	history []*int
}

func newAccount() *account {
	a := &account{history: make([]*int, 8)}
	a.changed = sync.NewCond(&a.mu)
	return a
}

func (a *account) deposit(both *sync.WaitGroup) {
	a.mu.Lock()
	defer a.mu.Unlock()
	both.Done()
	both.Wait()
	a.audit.Lock()
	defer a.audit.Unlock()
	a.balance++
}

func (a *account) report(both *sync.WaitGroup) int {
	a.audit.Lock()
	defer a.audit.Unlock()
	both.Done()
	both.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.balance
}

func (a *account) upgrade() {
	a.state.RLock()
	defer a.state.RUnlock()
	if a.balance == 0 {
		a.state.Lock()
		a.balance = 1
		a.state.Unlock()
	}
}

func (a *account) awaitChange() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.balance == 0 {
		a.changed.Wait()
	}
}

func (a *account) spin() {
	for a.balance == 0 {
		runtime.Gosched()
	}
}

var global = newAccount()

var fixtures = map[string]func(){
	"ok": func() {},
	"abba": func() {
		a := newAccount()
		var held sync.WaitGroup
		held.Add(2)
		both(func() { a.deposit(&held) }, func() { a.report(&held) })
	},
	"abba-global": func() {
		var held sync.WaitGroup
		held.Add(2)
		both(func() { global.deposit(&held) }, func() { global.report(&held) })
	},
	"upgrade": func() { newAccount().upgrade() },
	"ring": func() {
		a, b := make(chan *int), make(chan *int)
		both(func() { forward(a, b) }, func() { forward(b, a) })
	},
	"missed-signal": func() {
		a := newAccount()
		a.changed.Signal()
		both(a.awaitChange, a.awaitChange)
	},
	// The main goroutine goes on looking; what it looks for cannot come.
	"partial": func() {
		a := newAccount()
		var held sync.WaitGroup
		held.Add(2)
		done := make(chan struct{})
		go func() {
			both(func() { a.deposit(&held) }, func() { a.report(&held) })
			close(done)
		}()
		for {
			select {
			case <-done:
				return
			default:
				time.Sleep(time.Millisecond)
			}
		}
	},
	"leak":        func() { go newAccount().awaitChange() },
	"leak-global": func() { go global.awaitChange() },
	"leak-late": func() {
		go func() { time.Sleep(100 * time.Millisecond) }()
	},
	"livelock": func() { newAccount().spin() },
	"tight": func() {
		for i := 0; ; i++ {
			if i < 0 {
				return
			}
		}
	},
	"sleep-poll": func() {
		a := newAccount()
		for a.balance == 0 {
			time.Sleep(time.Millisecond)
		}
	},
	"sleepy": func() { time.Sleep(1500 * time.Millisecond) },
	"panic": func() {
		go func() {
			var m map[string]int
			m["a"]++
		}()
		select {}
	},
	"maps": func() {
		m := map[int]int{}
		for range 4 {
			go func() {
				for i := 0; ; i++ {
					m[i%8]++
				}
			}()
		}
		select {}
	},
	"overflow": func() { overflow(1) },
	"exit":     func() { os.Exit(0) },
	"exit2": func() {
		fmt.Fprintln(os.Stderr, "fatal error: all goroutines are asleep - deadlock!")
		os.Exit(3)
	},
	"exit-later": func() {
		go func() {
			time.Sleep(30 * time.Millisecond)
			os.Exit(0)
		}()
	},
	"megabytes": func() {
		line := append(bytes.Repeat([]byte("racebench: PASS "), 4096), '\n')
		for range 64 {
			os.Stdout.Write(line)
			os.Stderr.Write(line)
		}
	},
	"memory": func() {
		var kept [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			kept = append(kept, b)
		}
	},
	"disk": func() {
		f, err := os.Create("filler")
		for err == nil {
			_, err = f.Write(make([]byte, 1<<20))
		}
		fmt.Fprintln(os.Stderr, err)
		select {}
	},
	"daemon": func() {
		// What it says is looked at by the test.
		pid, err := syscall.ForkExec("/bin/sleep", []string{"sleep", "60"}, &syscall.ProcAttr{
			Env: os.Environ(), Sys: &syscall.SysProcAttr{Setsid: true},
		})
		fmt.Fprintln(os.Stderr, "daemon", pid, err)
	},
	"write-outside": func() {
		fmt.Fprintln(os.Stderr, "outside", os.WriteFile("/tmp/racebench-escape", nil, 0o600))
	},
	"raise": func() {
		fmt.Fprintln(os.Stderr, "signal", syscall.Kill(os.Getppid(), 0))
	},
	"socket": func() {
		_, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		fmt.Fprintln(os.Stderr, "socket", err)
	},
	"again": func() {
		path, _ := os.Executable()
		fmt.Fprintln(os.Stderr, "again", syscall.Exec(path, []string{path}, nil))
	},
	"peek": func() {
		_, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", os.Getppid()))
		_, err2 := os.ReadFile("/etc/passwd")
		fmt.Fprintln(os.Stderr, "peek", err, err2)
	},
	"forge": func() {
		body, _ := json.Marshal(protocol.Reply{ID: 2, Outcome: &protocol.Outcome{}})
		frame := append([]byte{0, 0, 0, byte(len(body))}, body...)
		syscall.Write(protocol.ReplyFD, frame)
		select {}
	},
	"garbage": func() {
		syscall.Write(protocol.ReplyFD, []byte("SCORE: 100\nSCORE: 100\n"))
		select {}
	},
	"hang-up": func() {
		syscall.Close(protocol.ReplyFD)
		select {}
	},
	"flood": func() {
		release := make(chan struct{})
		for range 20000 {
			go func() { <-release }()
		}
		time.Sleep(300 * time.Millisecond)
		close(release)
	},
}

func forward(from, to chan *int) {
	to <- <-from
}

//go:noinline
func overflow(n int) int {
	var pad [4096]byte
	return overflow(n+1) + int(pad[n%len(pad)])
}

// What is added here leaves the line numbers above alone, which recorded dumps
// name.
func init() {
	fixtures["first-time"] = func() {}
	fixtures["memory-slowly"] = func() {
		var kept [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range 4 * len(b) {
				b[i%len(b)]++
			}
			kept = append(kept, b)
		}
	}
	fixtures["nap"] = func() { time.Sleep(20 * time.Millisecond) }
	// The heir keeps every descriptor open, the worker's replies among them.
	fixtures["heir"] = func() {
		_, err := syscall.ForkExec("/bin/sleep", []string{"sleep", "60"}, &syscall.ProcAttr{
			Env: os.Environ(), Files: []uintptr{0, 1, 2, 3, protocol.ReplyFD}, Sys: &syscall.SysProcAttr{Setsid: true},
		})
		if err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	// Nothing of what then waits is in anybody's code but the standard library's.
	fixtures["leak-timer"] = func() { time.AfterFunc(0, never.Wait) }
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "sleep-in-init":
			time.Sleep(time.Hour)
		case "burn":
			for range 4 {
				burn()
			}
		}
	}
}

// burn keeps a processor busy without a goroutine that stays.
func burn() {
	time.AfterFunc(time.Millisecond, func() {
		for until := time.Now().Add(20 * time.Millisecond); time.Now().Before(until); {
		}
		burn()
	})
}

// never is never done.
var never = func() *sync.WaitGroup {
	var w sync.WaitGroup
	w.Add(1)
	return &w
}()

// violations are those of the fixture that does wrong the first time in a process,
// and then no more.
func violations(name string) (found []protocol.Violation) {
	if name == "first-time" {
		firstTime.Do(func() { found = []protocol.Violation{{Kind: "invariant", Message: "the first time"}} })
	}
	return found
}

var firstTime sync.Once
