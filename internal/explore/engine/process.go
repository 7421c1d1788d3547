package engine

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"racebench/internal/explore/schedule"
	"racebench/internal/explore/trace"
)

// sharedSize is the size of the memory that a test binary shares with its
// driver, in bytes.
const sharedSize = 1 << 20

// The layout of the shared memory; see record.go in the injected sources.
const (
	headSize    = 64
	birthSize   = 16
	maxBirths   = 1 << 14
	switchSize  = 40
	maxSwitches = 1 << 14
	againShift  = 24 // in a switch's occurrence, above it: schedule.Switch.Again
)

// Options say how sessions run.
type Options struct {
	Tested  []string // beginnings of function names of the code under test
	Run     string   // -test.run
	Short   bool
	Verbose bool
	Env     []string      // further environment
	Args    []string      // further arguments of the test binary
	Bound   int           // steps before the fair phase
	Fair    int           // steps of the fair phase
	Epoch   time.Time     // start of virtual time
	Horizon time.Duration // virtual time that goroutines get after the test's end
	Timeout time.Duration // virtual time that a test gets
	Slip    time.Duration // timers due within this time may fire early
	Stall   time.Duration // wall time that one schedule gets
	// Launcher starts the processes; nil starts them with nothing in between.
	Launcher Launcher
}

// A Launcher starts test binaries in its own way, such as behind protections.
type Launcher interface {
	// Launch starts cmd, which keeps its program, arguments, streams, further
	// descriptors, and the variables GORACE and RACEBENCH_… of its environment,
	// as the leader of a process group. It needs to write to scratch alone.
	// ended is called when the process has ended.
	Launch(cmd *exec.Cmd, scratch string) (ended func(), err error)
}

// ErrExited says that a test binary ended outside of a schedule.
var ErrExited = errors.New("the test binary ended before its tests began")

// A Process is a running test binary under control.
type Process struct {
	Tests []string // top-level tests that match, in order
	Race  bool

	cmd     *exec.Cmd
	opt     Options
	jobs    *os.File
	lines   chan string
	shared  []byte
	out     *tail
	dir     string
	raceLog string
	raceOff int64
	done    chan struct{}
	waitErr error
	ended   func() // of the launcher; nil without one
	limit   *time.Timer
	stalled bool
	mu      sync.Mutex
}

// tail keeps the end of what is written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const tailSize = 1 << 17

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if len(t.b) > 2*tailSize {
		t.b = append(t.b[:0], t.b[len(t.b)-tailSize:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}

// Start starts the test binary under control and waits until its tests are
// about to begin.
func Start(ctx context.Context, b *Binary, opt Options) (_ *Process, err error) {
	p := &Process{opt: opt, out: new(tail), lines: make(chan string, 64), done: make(chan struct{})}
	if p.dir, err = os.MkdirTemp("", "racebench-explore-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(p.dir)
		}
	}()
	mem, err := os.OpenFile(filepath.Join(p.dir, "shared"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer mem.Close()
	if err := mem.Truncate(sharedSize); err != nil {
		return nil, err
	}
	jobsR, jobsW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer jobsR.Close()
	ansR, ansW, err := os.Pipe()
	if err != nil {
		jobsW.Close()
		return nil, err
	}
	args := []string{"-test.paniconexit0", "-test.timeout=0", "-test.parallel=8", "-test.count=1"}
	if opt.Run != "" {
		args = append(args, "-test.run="+opt.Run)
	}
	if opt.Short {
		args = append(args, "-test.short")
	}
	if opt.Verbose {
		args = append(args, "-test.v")
	}
	p.cmd = exec.CommandContext(ctx, b.Path, append(args, opt.Args...)...)
	p.cmd.Dir = b.Dir
	p.raceLog = filepath.Join(p.dir, "race")
	p.cmd.Env = append(append(os.Environ(), opt.Env...), "RACEBENCH_CONTROL="+strconv.FormatInt(opt.Epoch.UnixNano(), 10),
		"GORACE=atexit_sleep_ms=0 suppress_equal_addresses=0 log_path="+p.raceLog)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.ExtraFiles = []*os.File{jobsR, ansW, mem}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.cmd.Cancel = func() error { return syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }
	p.cmd.WaitDelay = 2 * time.Second
	if opt.Launcher != nil {
		p.ended, err = opt.Launcher.Launch(p.cmd, p.dir)
	} else {
		err = p.cmd.Start()
	}
	if err != nil {
		jobsW.Close()
		ansR.Close()
		return nil, err
	}
	ansW.Close() // or a process that ends without a word would never be missed
	p.jobs = jobsW
	go p.read(ansR)
	if p.shared, err = syscall.Mmap(int(mem.Fd()), 0, sharedSize, syscall.PROT_READ, syscall.MAP_SHARED); err != nil {
		p.Close()
		return nil, err
	}
	if err := p.hello(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// read passes the process's answers on and reaps it.
func (p *Process) read(ans *os.File) {
	r := bufio.NewReaderSize(ans, 1<<16)
	for {
		s, err := r.ReadString('\n')
		if err != nil {
			break
		}
		p.lines <- s[:len(s)-1]
	}
	ans.Close()
	p.waitErr = p.cmd.Wait()
	close(p.done)
	close(p.lines)
}

func (p *Process) hello() error {
	p.arm(2 * time.Minute) // TestMain may take its time
	defer p.disarm()
	for s := range p.lines {
		l := parseLine(s)
		switch l.word {
		case "hello":
			if l.str("version") != "1" || l.int("share") > sharedSize {
				return fmt.Errorf("engine: the test binary speaks another protocol: %s", s)
			}
			p.Race = l.bool("race")
		case "test":
			p.Tests = append(p.Tests, l.str("name"))
		case "ready":
			return p.send("code", "tested", strings.Join(p.opt.Tested, ","), "ignored", strings.Join(ignored, ","))
		}
	}
	return fmt.Errorf("%w: %v\n%s", ErrExited, p.waitErr, p.out)
}

// ignored are the beginnings of function names whose synchronisation is not
// the program's own: it is neither a place for a decision nor counted, so that
// one more line of log keeps a schedule valid.
var ignored = []string{
	"testing.", "testing/", "fmt.", "log.", "log/", "os.", "os/", "io/fs.", "internal/", "syscall.", "reflect.", "runtime/",
	"strconv.", "unicode", "encoding/", "regexp", "text/", "html/", "crypto/", "hash/", "math/", "sort.", "mime",
	"github.com/stretchr/testify", "github.com/google/go-cmp", "go.uber.org/goleak",
}

func (p *Process) send(word string, pairs ...any) error {
	var b strings.Builder
	writeLine(&b, word, pairs...)
	_, err := io.WriteString(p.jobs, b.String())
	return err
}

// arm kills the process if it does not finish within d.
func (p *Process) arm(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit = time.AfterFunc(d, func() {
		p.mu.Lock()
		p.stalled = true
		p.mu.Unlock()
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	})
}

func (p *Process) disarm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit.Stop()
}

// Close ends the process and its children and waits for them.
func (p *Process) Close() {
	p.jobs.Close()
	timer := time.AfterFunc(200*time.Millisecond, func() { syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) })
	for range p.lines {
	}
	timer.Stop()
	<-p.done
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // what the tests started
	if p.ended != nil {
		p.ended()
	}
	if p.shared != nil {
		syscall.Munmap(p.shared)
		p.shared = nil
	}
	os.RemoveAll(p.dir)
}

// A Job is a range of schedules of one test.
type Job struct {
	Test    string
	Mix     []Strategy // schedule i uses Mix[i mod len(Mix)]
	Seed    uint64
	From    uint64
	Count   uint64
	Default bool   // tell the outcome of the default schedule first
	Path    string // exhaustive search: where to go on
	Learnt  string // what earlier processes found to be shared memory
	Length  int    // PCT: decisions to expect; 0: those of the default schedule
}

// Totals sums up a job.
type Totals struct {
	Next         uint64 // the first schedule that was not run
	Retire       bool   // the process must not be used any longer
	Died         bool   // it has ended by itself
	Runs         int    // schedules that count
	Steps        int
	Decisions    int
	Operations   int
	Redundant    int // exhaustive: runs that repeat others
	Most         int // steps of the longest
	Goroutines   int // of the one with most
	Limits       int
	Unsure       bool
	Spun         bool
	Collected    bool
	Rand         bool // the runtime's random numbers were used
	Budget       bool
	Complete     bool // exhaustive: the search is over
	Restarted    bool // exhaustive: the search began anew
	Broken       bool // exhaustive: the search cannot be complete
	Fingerprints []uint64
	Path         string // for the next Job, like those below
	Learnt       string
	Length       int
}

// Explore runs a job. Each outcome with evidence is given to tell, which says
// whether to go on.
func (p *Process) Explore(job Job, tell func(*Outcome) bool) (Totals, error) {
	var mix []string
	for _, s := range job.Mix {
		mix = append(mix, fmt.Sprintf("%d:%d:%d", s.Kind, s.Depth, s.Stay))
	}
	pairs := append(p.common(), "test", job.Test, "seed", job.Seed, "from", job.From, "count", job.Count, "mix", strings.Join(mix, ","), "path", job.Path, "learnt", job.Learnt, "length", job.Length)
	if job.Default {
		pairs = append(pairs, "default", "1")
	}
	named := func(o *Outcome) bool {
		if o.Index != DefaultIndex {
			o.Strategy = job.Mix[o.Index%uint64(len(job.Mix))]
		}
		return tell(o)
	}
	if err := p.send("explore", pairs...); err != nil {
		return p.died(job.Test, job.From, named)
	}
	return p.answers(job.Test, job.From, named, true)
}

// Replay runs one recorded schedule. With warm the default schedule is run
// first, as it was in the process that recorded it. steps is the size of the
// trace.
func (p *Process) Replay(test string, seed uint64, switches []schedule.Switch, warm bool, steps int) (*Outcome, bool, error) {
	var b strings.Builder
	pairs := append(p.common(), "test", test, "seed", seed, "switches", len(switches), "trace", steps)
	if warm {
		pairs = append(pairs, "warm", "1")
	}
	writeLine(&b, "replay", pairs...)
	for _, s := range switches {
		from, err := s.Goroutine.Hash()
		if err != nil {
			return nil, false, err
		}
		to, err := s.To.Hash()
		if err != nil {
			return nil, false, err
		}
		writeLine(&b, "switch", "path", from, "to", to, "occ", s.Occurrence|s.Again<<againShift, "kind", uint8(s.Op), "phase", uint8(s.Phase))
	}
	var out *Outcome
	tell := func(o *Outcome) bool { out = o; return true }
	if _, err := io.WriteString(p.jobs, b.String()); err != nil {
		_, err := p.died(test, 0, tell)
		return out, true, err
	}
	t, err := p.answers(test, 0, tell, false)
	if err != nil {
		return nil, true, err
	}
	if out == nil {
		return nil, true, fmt.Errorf("engine: no outcome of a replay of %s", test)
	}
	return out, t.Retire, nil
}

func (p *Process) common() []any {
	o := p.opt
	return []any{
		"bound", o.Bound, "fair", o.Fair, "epoch", o.Epoch.UnixNano(), "horizon", int64(o.Horizon), "timeout", int64(o.Timeout), "slip", int64(o.Slip),
	}
}

// answers reads the answer to a job. ask says that the process waits for a
// word after each outcome.
func (p *Process) answers(test string, from uint64, tell func(*Outcome) bool, ask bool) (Totals, error) {
	stall := p.opt.Stall
	last := uint64(math.MaxUint64)
	tick := time.NewTicker(stall/4 + time.Second/10)
	defer tick.Stop()
	since := time.Now()
	var o Outcome
	var steps []step
	var pending *Outcome
	for {
		var s string
		var ok bool
		select {
		case s, ok = <-p.lines:
			if !ok {
				return p.died(test, from, tell)
			}
		case <-tick.C:
			if now := p.head(2); now != last {
				last, since = now, time.Now()
			} else if time.Since(since) > stall {
				p.mu.Lock()
				p.stalled = true
				p.mu.Unlock()
				syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
				since = time.Now().Add(time.Hour)
			}
			continue
		}
		since = time.Now()
		l := parseLine(s)
		switch l.word {
		case "error":
			return Totals{}, fmt.Errorf("engine: %s", l.str("text"))
		case "step":
			steps = append(steps, readStep(&l))
		case "done":
			t := readTotals(&l)
			if pending != nil {
				pending.Trace = makeTrace(pending, steps)
				tell(pending)
			}
			return t, l.err
		default:
			if !o.addLine(&l) {
				break
			}
			if o.Index != DefaultIndex {
				o.Switches = p.switches()
			}
			if o.Has(Race) {
				o.Races = p.races()
			}
			c := o
			if !ask {
				pending = &c
				break
			}
			word := "stop"
			if tell(&c) {
				word = "go"
			}
			if err := p.send(word); err != nil {
				return p.died(test, from, tell)
			}
		}
		if l.err != nil {
			return Totals{}, l.err
		}
	}
}

// died makes an outcome of the end of the process in the middle of a schedule.
func (p *Process) died(test string, from uint64, tell func(*Outcome) bool) (Totals, error) {
	for range p.lines {
	}
	<-p.done
	if p.head(7) == 0 {
		return Totals{}, fmt.Errorf("engine: the test binary ended: %v\n%s", p.waitErr, p.out)
	}
	o := &Outcome{Test: test, Index: p.head(0), Seed: p.head(1), Evidence: []Evidence{Exit}, Switches: p.switches(), RecordFull: p.head(5) != 0, Stderr: p.out.String(), Ran: true}
	o.ExitCode = p.cmd.ProcessState.ExitCode()
	p.mu.Lock()
	stalled := p.stalled
	p.mu.Unlock()
	if stalled {
		o.Evidence = []Evidence{Hang}
	} else if i := strings.Index(o.Stderr, "fatal error: "); i >= 0 || o.ExitCode < 0 {
		o.Evidence = []Evidence{Fatal}
		text := "killed: " + p.cmd.ProcessState.String()
		if i >= 0 {
			text, _, _ = strings.Cut(o.Stderr[i+len("fatal error: "):], "\n")
		}
		o.PanicText = text
		o.PanicStack = dumpStack(o.Stderr[max(i, 0):])
	}
	next := o.Index + 1
	if o.Index == DefaultIndex {
		next = from
	}
	tell(o)
	return Totals{Next: next, Retire: true, Died: true, Runs: int(next - from)}, nil
}

// dumpStack reads the first goroutine of a crash dump.
func dumpStack(text string) []trace.Frame {
	i := strings.Index(text, "\ngoroutine ")
	if i < 0 {
		return nil
	}
	var fs []trace.Frame
	lines := strings.Split(text[i+1:], "\n")
	for j := 1; j+1 < len(lines) && lines[j] != ""; j += 2 {
		name, _, _ := cutLast(lines[j], "(")
		place, _, _ := strings.Cut(strings.TrimSpace(lines[j+1]), " +0x")
		file, number, _ := cutLast(place, ":")
		n, _ := strconv.Atoi(number)
		fs = append(fs, trace.Frame{Func: name, File: file, Line: n})
	}
	return fs
}

// head returns a word of the shared head: 0 index, 1 seed, 2 schedules so
// far, 4 switches, 5 more did not fit, 6 goroutines, 7 a session runs.
func (p *Process) head(i int) uint64 {
	return *(*uint64)(unsafe.Pointer(&p.shared[8*i]))
}

// switches reads the recorded switches of the last session.
func (p *Process) switches() []schedule.Switch {
	le := binary.LittleEndian
	names := map[uint64]schedule.Goroutine{0: ""}
	byID := map[uint32]schedule.Goroutine{}
	for i := range min(int(p.head(6)), maxBirths) {
		b := p.shared[headSize+i*birthSize:]
		parent, child := le.Uint32(b[8:]), le.Uint32(b[12:])
		name := schedule.Goroutine(strconv.Itoa(int(child)))
		switch {
		case parent != 0:
			name = byID[parent] + "." + name
		case child != 1:
			name = "0." + name
		}
		names[le.Uint64(b)] = name
		byID[uint32(i+1)] = name
	}
	var list []schedule.Switch
	for i := range min(int(p.head(4)), maxSwitches) {
		b := p.shared[headSize+maxBirths*birthSize+i*switchSize:]
		list = append(list, schedule.Switch{
			Goroutine: names[le.Uint64(b)], To: names[le.Uint64(b[8:])],
			Occurrence: int(le.Uint32(b[16:]) & (1<<againShift - 1)), Again: int(le.Uint32(b[16:]) >> againShift),
			Op: trace.Op(b[20]), Phase: trace.Phase(b[21]),
		})
	}
	return list
}

// races reads what the race detector has written since the last call.
func (p *Process) races() []RaceReport {
	f, err := os.Open(p.raceLog + "." + strconv.Itoa(p.cmd.Process.Pid))
	if err != nil {
		return nil
	}
	defer f.Close()
	b, _ := io.ReadAll(io.NewSectionReader(f, p.raceOff, 1<<20))
	p.raceOff += int64(len(b))
	return parseRaces(string(b))
}

func readTotals(l *line) Totals {
	t := Totals{
		Next: l.uint("next", 10), Retire: l.bool("retire"), Runs: l.int("runs"), Steps: l.int("steps"), Decisions: l.int("decisions"),
		Operations: l.int("ops"), Redundant: l.int("redundant"), Most: l.int("most"), Goroutines: l.int("goroutines"), Limits: l.int("limits"),
		Unsure: l.bool("unsure"), Spun: l.bool("spun"), Collected: l.bool("collected"), Rand: l.bool("rand"), Budget: l.bool("budget"),
		Complete: l.bool("complete"), Restarted: l.bool("restarted"), Broken: l.bool("broken"), Path: l.str("path"), Learnt: l.str("learnt"), Length: l.int("length"),
	}
	for _, s := range strings.Split(l.str("prints"), ",") {
		if n, err := strconv.ParseUint(s, 36, 64); err == nil {
			t.Fingerprints = append(t.Fingerprints, n)
		}
	}
	return t
}

// A step is a line of a trace before its objects have names.
type step struct {
	trace.Step
	object uint64
}

func readStep(l *line) step {
	s := step{object: l.uint("obj", 16)}
	stack := l.stack("stack")
	s.Step = trace.Step{
		Goroutine: l.int("g"), Op: trace.Op(l.int("kind")), Phase: trace.Phase(l.int("phase")), Occ: l.int("occ"), Choices: l.int("choice"),
		Now: time.Duration(l.int("now")), Wait: l.str("reason"), Frame: trace.User(stack), Stack: trace.Fold(stack),
	}
	return s
}

// makeTrace joins the steps with what else is known of their schedule.
func makeTrace(o *Outcome, steps []step) *trace.Trace {
	t := &trace.Trace{Goroutines: o.Goroutines, Objects: new(trace.Objects)}
	type place struct {
		g     schedule.Goroutine
		op    trace.Op
		occ   int
		phase trace.Phase
	}
	at := map[place]schedule.Goroutine{}
	for _, s := range o.Switches {
		at[place{s.Goroutine, s.Op, s.Occurrence | s.Again<<againShift, s.Phase}] = s.To
	}
	ids := map[schedule.Goroutine]int{}
	for _, g := range o.Goroutines {
		ids[schedule.Goroutine(g.Name)] = g.ID
	}
	for _, s := range steps {
		s.Object = t.Objects.Name(s.Op, s.object)
		g := schedule.Goroutine(o.Goroutine(s.Goroutine).Name)
		if to, ok := at[place{g, s.Op, s.Occ, s.Phase}]; ok {
			s.Decisive, s.Switch = true, ids[to]
		}
		s.Occ &= 1<<againShift - 1
		t.Steps = append(t.Steps, s.Step)
	}
	return t
}
