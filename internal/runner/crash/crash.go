// Package crash says why a worker process ended, from its wait status and the
// end of its stderr.
package crash

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"

	"racebench/internal/result"
)

// Cause is why a process ended.
type Cause struct {
	Kind result.Kind
	// Message is one line; it may hold text of the candidate's.
	Message string
	// Dump is the part of stderr that shows goroutines, if any.
	Dump string
	// Unexplained: the process was killed from outside, by nothing that the
	// runner or a limit did.
	Unexplained bool
}

// outOfResources are messages of runtimes that could not get what they needed.
// Under a limit on memory the Go runtime has several ways to say so.
var outOfResources = regexp.MustCompile(`(?m)^(?:fatal error: |runtime: |panic: )?(?:` + strings.Join([]string{
	`runtime: out of memory`, `out of memory`, `runtime: cannot allocate memory`, `cannot allocate memory`,
	`runtime: cannot map pages in arena address space`, `cannot map pages in arena`,
	`failed to reserve page summary memory`, `bad summary data`, `persistentalloc`,
	`failed to create new OS thread`, `newosproc`, `program exceeds \d+-thread limit`, `thread exhaustion`,
	`race: limit on \d+ simultaneously alive goroutines is exceeded`,
	`ThreadSanitizer: failed to (?:allocate|mmap|intercept)`, `.*ThreadSanitizer: out of memory`,
	`FATAL: ThreadSanitizer`,
}, "|") + `)`)

// raceExit is the exit code with which the race detector gives up.
const raceExit = 66

var (
	fatalError = regexp.MustCompile(`(?m)^fatal error: (.*)$`)
	goPanic    = regexp.MustCompile(`(?m)^panic: (.*)$`)
	signalled  = regexp.MustCompile(`(?m)^(SIG[A-Z]+: .*)$`)
	stackSize  = regexp.MustCompile(`(?m)^runtime: goroutine stack exceeds`)
	goroutine  = regexp.MustCompile(`(?m)^goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[`)
)

// Explain says why a process ended. stderr is the end of what it wrote.
func Explain(state *os.ProcessState, stderr string) Cause {
	var c Cause
	if at := goroutine.FindStringIndex(stderr); at != nil {
		c.Dump = stderr[at[0]:]
	}
	status, _ := state.Sys().(syscall.WaitStatus)
	code := state.ExitCode()
	if status.Signaled() {
		switch sig := status.Signal(); sig {
		case syscall.SIGKILL:
			c.Kind, c.Message, c.Unexplained = result.ResourceLimit, "the process was killed from outside", true
			return c
		case syscall.SIGSYS:
			c.Kind, c.Message = result.Hostile, "the process made a system call that it may not"
			return c
		default:
			c.Kind, c.Message = result.Fatal, "the process ended by signal: "+sig.String()
		}
	}
	switch {
	case (code == 2 || code == raceExit || status.Signaled()) && outOfResources.MatchString(stderr):
		c.Kind = result.ResourceLimit
		c.Message = "the process ran into a limit: " + strings.TrimSpace(outOfResources.FindString(stderr))
	case stackSize.MatchString(stderr):
		c.Kind, c.Message = result.Fatal, "fatal error: stack overflow"
	// A panic's or a fatal error's exit code is the runtime's 2; with another
	// one the text is only text.
	case code != 2 && !status.Signaled():
		c.Kind, c.Message = result.Hostile, fmt.Sprintf("the process ended itself with exit code %d", code)
		c.Dump = ""
	case fatalError.MatchString(stderr):
		text := fatalError.FindStringSubmatch(stderr)[1]
		c.Kind, c.Message = result.Fatal, "fatal error: "+text
		if strings.Contains(text, "all goroutines are asleep") {
			c.Kind = result.Deadlock
		}
	case signalled.MatchString(stderr):
		c.Kind, c.Message = result.Fatal, "the process ended by signal: "+signalled.FindStringSubmatch(stderr)[1]
	case goPanic.MatchString(stderr):
		c.Kind, c.Message = result.Panic, "panic: "+goPanic.FindStringSubmatch(stderr)[1]
	case !status.Signaled():
		c.Kind, c.Message = result.Hostile, "the process ended itself with exit code 2 and no reason"
		c.Dump = ""
	}
	return c
}
