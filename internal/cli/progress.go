package cli

import (
	"fmt"
	"sync"
	"time"

	"racebench/internal/judge"
	"racebench/internal/terminal"
)

const (
	// redrawEvery is how often the line on a terminal changes.
	redrawEvery = 100 * time.Millisecond
	// reportEvery is how often a line is printed where nobody watches.
	reportEvery = 10 * time.Second
)

// progress shows how far the work is: one line that changes on a terminal, a
// line every ten seconds elsewhere.
type progress struct {
	out  *terminal.Stream
	name string // begins every line, unless it is empty

	mu      sync.Mutex
	phase   string
	started time.Time // of the phase
	last    time.Time // of the last line
	drawn   bool
}

func newProgress(out *terminal.Stream, name string) *progress {
	return &progress{out: out, name: name, last: time.Now()}
}

// announce prints a line that stays.
func announce(out *terminal.Stream, line string) {
	line = terminal.Clean(line)
	if out.TTY {
		line = "\r\x1b[K" + line
	}
	fmt.Fprintln(out, line)
}

// update is called by the judge, from any goroutine.
func (p *progress) update(e judge.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	fresh := e.Phase != p.phase
	if fresh {
		p.phase, p.started = e.Phase, now
	}
	every := reportEvery
	if p.out.TTY {
		every = redrawEvery
	}
	if !e.Notable && now.Sub(p.last) < every && !(fresh && p.out.TTY) {
		return
	}
	p.last = now
	line := p.line(e, now)
	if !p.out.TTY {
		fmt.Fprintln(p.out, line)
		return
	}
	if e.Notable {
		fmt.Fprintf(p.out, "\r\x1b[K%s\n", line)
		return
	}
	if r := []rune(line); len(r) >= p.out.Width {
		line = string(r[:p.out.Width-1])
	}
	fmt.Fprintf(p.out, "\r\x1b[K%s", line)
	p.drawn = true
}

func (p *progress) line(e judge.Progress, now time.Time) string {
	line := e.Phase
	if p.name != "" {
		line = terminal.Clean(p.name) + ": " + line
	}
	if e.Total > 0 {
		line += fmt.Sprintf(" %d/%d", e.Done, e.Total)
		spent := now.Sub(p.started)
		if e.Done > 0 && spent > 500*time.Millisecond {
			rate := float64(e.Done) / spent.Seconds()
			left := time.Duration(float64(e.Total-e.Done) / rate * float64(time.Second))
			line += fmt.Sprintf("  %.1f/s  %s left", rate, left.Round(time.Second))
		}
	}
	if e.Findings > 0 {
		line += fmt.Sprintf("  %d findings", e.Findings)
	}
	if e.Message != "" {
		line += ": " + terminal.Clean(e.Message)
	}
	return line
}

// close takes the line away.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
