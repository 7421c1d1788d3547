package runner

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"racebench/internal/runner/isolate"
)

// Confinement starts processes that are not the runner's own workers, such as
// test binaries under a controlled scheduler, behind the protections of a
// worker: the same launcher, limits, files and system calls.
type Confinement struct {
	o *Options
}

// NewConfinement takes launcher, memory bound and deadline from the options of
// a run. The binaries are without the race detector.
func NewConfinement(options Options) *Confinement {
	return &Confinement{o: options.withDefaults()}
}

// Launch starts cmd, which must not have been started: its program, arguments,
// streams and further descriptors stay, and so do the variables of its
// environment whose names begin with RACEBENCH_ and GORACE. scratch is the one
// folder that it may write to, and becomes its working directory. What is
// returned is to be called when the process has ended: it ends what the process
// may have started. An error is never the candidate's.
func (c *Confinement) Launch(cmd *exec.Cmd, scratch string) (ended func(), err error) {
	spec := c.o.spec(Binary{Path: cmd.Path, Args: cmd.Args[1:]}, scratch)
	spec.Env = environment(scratch, false)
	for _, v := range cmd.Env {
		if strings.HasPrefix(v, "RACEBENCH_") || strings.HasPrefix(v, "GORACE=") {
			spec.Env = append(spec.Env, v)
		}
	}
	spec.Status = 3 + len(cmd.ExtraFiles)
	argument, err := spec.Argument()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd.ExtraFiles = append(cmd.ExtraFiles, w)
	cmd.Path, cmd.Args = c.o.Launcher[0], append(append([]string{}, c.o.Launcher...), argument)
	cmd.Env, cmd.Dir = environment(scratch, false), scratch
	cmd.SysProcAttr = sessionOfItsOwn()
	started := make(chan error)
	spawn() <- func() { started <- cmd.Start() }
	err = <-started
	w.Close()
	if err != nil {
		return nil, err
	}
	pid := cmd.Process.Pid
	status, err := isolate.ReadStatus(r)
	if err == nil && status.Error != "" {
		err = errors.New(status.Error)
	}
	if err != nil {
		killGroup(pid)
		return nil, fmt.Errorf("%w (%v)", err, cmd.Wait())
	}
	done := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() { c.watch(pid, done) })
	return func() {
		close(done)
		watch.Wait()
		killGroup(pid)
		if !contained(status.Measures) {
			sweep(scratch)
		}
	}, nil
}

// watch kills the process where it uses too much memory or too many threads, as
// is done with a worker. The resource limit of data is the second line.
func (c *Confinement) watch(pid int, done <-chan struct{}) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			if u, ok := usage(pid); ok && (u.memory > c.o.Memory || u.threads > maxThreads) {
				killGroup(pid)
				return
			}
		}
	}
}
