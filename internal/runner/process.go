package runner

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"racebench/internal/protocol"
	"racebench/internal/runner/isolate"
	"racebench/internal/runner/racelog"
)

// Binary is a worker's executable.
type Binary struct {
	Path string
	// Args make a racebench that has no toolchain run itself as the worker.
	Args []string
	// Race: it was built with the race detector.
	Race bool
}

// process is one running worker.
type process struct {
	binary   Binary
	dir      string
	pid      int
	nonce    string
	ready    protocol.Ready
	measures []isolate.Measure

	cmd      *exec.Cmd
	requests *os.File
	replies  chan reply
	stderr   capture
	stdout   capture
	pipes    []*os.File
	drained  sync.WaitGroup

	// exited is closed when the process has ended and state is set.
	exited chan struct{}
	state  *os.ProcessState

	lastID  uint64
	dumps   map[uint64]bool // requests for a dump that were not answered yet
	raceLog int64
	before  used // what it used when the present run began

	killMu   sync.Mutex
	killed   bool
	exceeded string
	done     bool
}

// reply is a frame from the worker, or why there is none.
type reply struct {
	protocol.Reply
	err error
}

// setupError is a failure to start a worker that is not the candidate's.
type setupError struct{ err error }

func (e *setupError) Error() string { return e.err.Error() }
func (e *setupError) Unwrap() error { return e.err }

// spawn starts processes from one thread that never ends: a worker is killed
// when the thread that started it dies (prctl(2), PR_SET_PDEATHSIG), and Go
// ends threads as it likes.
var spawn = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		lockThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// start launches a worker and waits until it is restricted. The worker's own
// code, and with it the candidate's package initialisation, may be running when
// start returns; hello waits for it.
func start(o *Options, b Binary) (*process, error) {
	dir, err := os.MkdirTemp(o.TempDir, "racebench-worker-")
	if err != nil {
		return nil, &setupError{err}
	}
	p := &process{binary: b, dir: dir, nonce: rand.Text(), exited: make(chan struct{}), replies: make(chan reply), dumps: map[uint64]bool{}}
	if err := p.launch(o); err != nil {
		p.close()
		return nil, &setupError{fmt.Errorf("start worker: %w", err)}
	}
	return p, nil
}

// environment is the worker's whole environment: nothing is inherited.
func environment(dir string, race bool) []string {
	env := []string{
		"HOME=" + dir, "TMPDIR=" + dir, "LANG=C", "TZ=UTC", "GOTRACEBACK=all",
	}
	if race {
		env = append(env, "GORACE=log_path="+filepath.Join(dir, "race")+
			" atexit_sleep_ms=0 halt_on_error=0 history_size=3")
	}
	return env
}

// spec restricts a process of the given binary, whose folder is dir.
func (o *Options) spec(b Binary, dir string) isolate.Spec {
	spec := isolate.Spec{
		Binary: b.Path, Args: b.Args, Env: environment(dir, b.Race), Dir: dir,
		Limits:         isolate.Limits{FileSize: 64 << 20, Files: 256, CPU: uint64(o.cpuLimit().Seconds())},
		FixedAddresses: b.Race, Bare: o.bare,
	}
	if !b.Race && o.Memory > 0 {
		spec.Limits.Data = 2*o.Memory + 256<<20
	}
	return spec
}

func (p *process) launch(o *Options) error {
	spec := o.spec(p.binary, p.dir)
	// After standard streams, requests and replies.
	spec.Status = 5
	argument, err := spec.Argument()
	if err != nil {
		return err
	}
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	pipe := func(read bool) (*os.File, error) {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		mine, other := r, w
		if !read {
			mine, other = w, r
		}
		p.pipes = append(p.pipes, mine)
		theirs = append(theirs, other)
		return mine, nil
	}
	var mine [5]*os.File // stdout, stderr, requests, replies, status
	for i := range mine {
		if mine[i], err = pipe(i != 2); err != nil {
			return err
		}
	}
	p.requests = mine[2]
	p.cmd = &exec.Cmd{
		Path: o.Launcher[0], Args: append(append([]string{}, o.Launcher...), argument),
		Env: environment(p.dir, false), Dir: p.dir,
		Stdout: theirs[0], Stderr: theirs[1], ExtraFiles: theirs[2:],
		SysProcAttr: sessionOfItsOwn(),
	}
	started := make(chan error)
	spawn() <- func() { started <- p.cmd.Start() }
	if err := <-started; err != nil {
		return err
	}
	p.pid = p.cmd.Process.Pid
	for _, f := range theirs {
		f.Close()
	}
	theirs = nil
	go func() {
		// The error says what state says.
		_ = p.cmd.Wait()
		p.state = p.cmd.ProcessState
		// What the worker started may hold its end of the pipe for ever. What
		// it said itself is there by now.
		_ = mine[3].SetReadDeadline(time.Now().Add(exitPatience))
		close(p.exited)
	}()
	p.drained.Go(func() { p.stdout.drain(mine[0]) })
	p.drained.Go(func() { p.stderr.drain(mine[1]) })
	status, err := isolate.ReadStatus(mine[4])
	if err != nil {
		return err
	}
	if status.Error != "" {
		return errors.New(status.Error)
	}
	p.measures = status.Measures
	p.drained.Go(func() { p.receive(mine[3]) })
	return nil
}

// receive hands frames to whoever waits for them, until the worker ends or
// sends something that is no frame.
func (p *process) receive(r io.Reader) {
	defer close(p.replies)
	in := bufio.NewReader(r)
	for {
		var f reply
		f.err = protocol.Read(in, &f.Reply)
		if errors.Is(f.err, io.EOF) || errors.Is(f.err, os.ErrClosed) || errors.Is(f.err, io.ErrUnexpectedEOF) ||
			errors.Is(f.err, os.ErrDeadlineExceeded) {
			return
		}
		if f.err == nil && f.Nonce != p.nonce {
			f.err = errors.New("a reply without the nonce")
		}
		p.replies <- f
		if f.err != nil {
			return
		}
	}
}

// send writes one request and returns its number. The error means that the
// worker no longer reads, which its end explains.
func (p *process) send(q protocol.Request) (uint64, error) {
	p.lastID++
	q.ID = p.lastID
	if err := p.requests.SetWriteDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, err
	}
	return q.ID, protocol.Write(p.requests, q)
}

// kill ends the worker and everything it started. why is remembered from the
// first call; empty means that the runner needs it no more.
func (p *process) kill(why string) {
	p.killMu.Lock()
	defer p.killMu.Unlock()
	if p.killed || p.pid == 0 {
		return
	}
	select {
	case <-p.exited:
		return
	default:
	}
	p.killed, p.exceeded = true, why
	killGroup(p.pid)
}

// pause stops the worker, and resume lets it go on. There is nothing to do about
// an error: the worker has ended, which the next request finds out.
func (p *process) pause()  { _ = p.cmd.Process.Signal(syscall.SIGSTOP) }
func (p *process) resume() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }

// limitExceeded is the limit for which the runner killed the worker, if it did.
func (p *process) limitExceeded() string {
	p.killMu.Lock()
	defer p.killMu.Unlock()
	return p.exceeded
}

// close kills the worker, waits for its end, and removes what it left.
func (p *process) close() {
	if p.done {
		return
	}
	p.done = true
	p.kill("")
	if p.pid != 0 {
		<-p.exited
		// What it started may have outlived it.
		killGroup(p.pid)
		if !p.contained() {
			sweep(p.dir)
		}
	}
	for _, f := range p.pipes {
		f.Close()
	}
	go func() {
		for range p.replies {
		}
	}()
	if p.pid == 0 || p.measures == nil {
		// receive was never started.
		close(p.replies)
	}
	p.drained.Wait()
	if err := os.RemoveAll(p.dir); err != nil {
		// A daemon that escaped may still write there; the folder is in the
		// system's temporary one and harmless.
		return
	}
}

// contained reports whether the worker could start no other process.
func (p *process) contained() bool { return contained(p.measures) }

func contained(measures []isolate.Measure) bool {
	return slices.ContainsFunc(measures, func(m isolate.Measure) bool { return m.Name == isolate.NoProcesses && m.InForce })
}

// races returns what the race detector wrote since the last call. all also
// takes the part of a report that was cut off by the end of the process.
func (p *process) races(all bool) (string, error) {
	f, err := os.Open(filepath.Join(p.dir, fmt.Sprintf("race.%d", p.pid)))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := f.Seek(p.raceLog, io.SeekStart); err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(f, 16<<20))
	if err != nil {
		return "", err
	}
	text := string(b)
	if !all {
		text = text[:racelog.Complete(text)]
	}
	p.raceLog += int64(len(text))
	return text, nil
}

// hello opens the conversation and waits until the worker is ready.
func (p *process) hello(ctx context.Context, o *Options) error {
	id, err := p.send(protocol.Request{Hello: &protocol.Hello{Version: protocol.Version, Nonce: p.nonce}})
	if err != nil {
		return errEnded
	}
	timer := time.NewTimer(startPatience)
	defer timer.Stop()
	look := time.NewTicker(25 * time.Millisecond)
	defer look.Stop()
	var before used
	asleep := 0
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return errSilent
		case <-look.C:
			p.guardMemory(o)
			u, ok := usage(p.pid)
			if ok && u.cpu > startCPU {
				return errSilent
			}
			// One that waits for a processor is no sleeper: its threads could run.
			if ok && u == before && sleeping(p.pid) {
				asleep++
			} else {
				asleep = 0
			}
			if asleep >= startAsleep {
				return errSilent
			}
			before = u
		case r, ok := <-p.replies:
			switch {
			case !ok:
				return errEnded
			case r.err != nil:
				return fmt.Errorf("%w: %w", errForged, r.err)
			case r.ID != id || r.Ready == nil || r.Ready.Version != protocol.Version:
				return fmt.Errorf("%w: the first reply is not the one asked for", errForged)
			}
			p.ready = *r.Ready
			return nil
		}
	}
}

// How a conversation with a worker ends other than by an answer.
var (
	errEnded  = errors.New("the worker ended")
	errSilent = errors.New("the worker does not answer")
	errForged = errors.New("the worker's replies are not its own")
)

// tail is the end of a text, at most n bytes, for a finding's detail.
func tail(text string, n int) string {
	text = strings.TrimRight(text, "\n")
	if len(text) <= n {
		return text
	}
	return "…" + text[len(text)-n:]
}
