// Package apart examines a candidate in a process of its own, with a bound on
// memory and processor time. Type checkers were not made for people who want them to
// fail: a few lines can ask for a type of more parts than there is memory for, or for
// work that takes hours. What exceeds the bounds there is the candidate's fault, and
// the judge goes on.
package apart

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"racebench/internal/candidate"
)

// Arg is the first argument by which an executable is told to examine. Its main
// function calls Main before anything else when it sees it.
const Arg = "__examine"

// The bounds are some hundred times what the largest candidate took that was seen.
const (
	maxMemory = 1 << 30 // bytes
	maxCPU    = 15      // seconds
	patience  = 4 * maxCPU * time.Second
)

// Load is candidate.Load, with the examination in another process of this
// executable. Where ctx ends first the candidate is as it was read, without
// findings, for a report of what was not done.
func Load(ctx context.Context, dir string) (*candidate.Candidate, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("racebench does not find itself: %w", err)
	}
	c, err := candidate.Read(dir)
	if err != nil {
		return nil, err
	}
	question, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("candidate: %w", err)
	}
	timed, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(timed, self, Arg)
	var answer, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(question), &answer, &limited{b: &complaint}
	// A collector that works harder near the bound gives what is only large a chance.
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMEMLIMIT=%d", maxMemory*3/4), "GOTRACEBACK=none")
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return c, nil
	case err == nil:
		examined := &candidate.Candidate{}
		if err := json.Unmarshal(answer.Bytes(), examined); err != nil {
			return nil, fmt.Errorf("candidate: the examination's answer: %w", err)
		}
		return examined, nil
	case timed.Err() != nil || exhausted(err, complaint.String()):
		c.Exhausting(fmt.Sprintf("reading it exhausts what there is for that: more than %d GiB of memory or %d s of processor time", maxMemory>>30, maxCPU))
		return c, nil
	}
	return nil, fmt.Errorf("candidate: examination: %w: %s", err, bytes.TrimSpace(complaint.Bytes()))
}

// exhausted reports whether a process came to its end by its bounds: killed by the
// kernel, or ended by the runtime that got no more memory or stack. A runtime that
// got no further thread may have been refused the memory for its stack; whether it
// was, or the machine is out of threads, what the process once held tells.
func exhausted(err error, complaint string) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	return !exit.Exited() || strings.Contains(complaint, "out of memory") || strings.Contains(complaint, "cannot allocate memory") ||
		strings.Contains(complaint, "stack overflow") || strings.Contains(complaint, "goroutine stack exceeds") ||
		(strings.Contains(complaint, "pthread_create failed") || strings.Contains(complaint, "failed to create new OS thread")) &&
			resident(exit.ProcessState) > maxMemory/2
}

// limited keeps the first part of what is written.
type limited struct{ b *bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	l.b.Write(p[:min(len(p), max(0, 4096-l.b.Len()))])
	return len(p), nil
}

// Main examines the candidate that it reads, within the bounds, writes it with the
// findings, and returns the exit code.
func Main(in io.Reader, out, complaints io.Writer) int {
	if err := bound(maxMemory, maxCPU); err != nil {
		fmt.Fprintln(complaints, err)
		return 1
	}
	c := &candidate.Candidate{}
	if err := json.NewDecoder(in).Decode(c); err != nil {
		fmt.Fprintln(complaints, err)
		return 1
	}
	c.Examine()
	if err := json.NewEncoder(out).Encode(c); err != nil {
		fmt.Fprintln(complaints, err)
		return 1
	}
	return 0
}
