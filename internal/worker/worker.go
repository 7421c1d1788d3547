// Package worker is the loop inside a worker process: it reads requests, runs
// one scenario at a time, and watches it from the outside while it runs.
//
// The process also holds the code that is judged, so nothing here is trusted by
// the runner beyond the nonce on each reply. While a scenario runs, the loop
// keeps no reference to any of its objects: the goroutine leak profile finds
// what is unreachable, and a reference from here would hide it.
//
// It is compiled together with a candidate and uses the standard library alone.
package worker

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"racebench/internal/protocol"
	"racebench/internal/scenarios/harness"
)

// maxStack bounds the stack of one goroutine in bytes, far above what a right
// component needs.
const maxStack = 16 << 20

// Main serves requests on the descriptors of the protocol until the runner
// closes them, and returns the exit code of the process. Apart from the planted
// defects, suite is all that can be asked for: this package does not import it,
// so that it need not be compiled anew with each candidate.
func Main(suite harness.Suite) int {
	syscall.CloseOnExec(protocol.RequestFD)
	syscall.CloseOnExec(protocol.ReplyFD)
	// An endless recursion need not fill a gigabyte first.
	debug.SetMaxStack(maxStack)
	in := os.NewFile(protocol.RequestFD, "requests")
	out := os.NewFile(protocol.ReplyFD, "replies")
	if err := serve(in, out, suite); err != nil {
		fmt.Fprintln(os.Stderr, "racebench worker:", err)
		return 1
	}
	return 0
}

// server is the state of one conversation. All of it belongs to the goroutine
// that called serve.
type server struct {
	out   io.Writer
	suite harness.Suite
	nonce string
	leaks leakProfile
	// check is that of the last workload.
	check func() *protocol.Violation
	// before holds the goroutines that were there when the run began: what
	// earlier runs left behind is not held against this one.
	before map[int]bool
	// initial are the goroutines of the components that were there before
	// anything was asked of them, as a dump shows them.
	initial string
}

// run is a request in progress.
type run struct {
	id       uint64
	request  protocol.Run
	progress *harness.Progress
	done     chan protocol.Outcome
	began    time.Time
	// life and changed say when the run was last seen to get on.
	life    uint64
	changed time.Time
	// again is when a stall is reported at the earliest; long is when a run that
	// does make progress is looked at next.
	again, long time.Time
}

func serve(in io.Reader, out io.Writer, suite harness.Suite) error {
	s := &server{out: out, suite: suite, leaks: findLeakProfile()}
	requests := make(chan protocol.Request)
	broken := make(chan error, 1)
	go read(in, requests, broken)

	var current *run
	var done chan protocol.Outcome
	var tick <-chan time.Time
	var ticker *time.Ticker
	for {
		select {
		case err := <-broken:
			if err == io.EOF {
				return nil
			}
			return err
		case q := <-requests:
			switch {
			case q.Run != nil && current == nil:
				current = s.start(q.ID, *q.Run)
				done = current.done
				ticker = time.NewTicker(max(time.Duration(q.Run.Stall)/4, time.Millisecond))
				tick = ticker.C
			case q.Nudge:
			case q.Dump:
				d := s.dump(current, s.leaks.available)
				if err := s.reply(protocol.Reply{ID: q.ID, Dump: &d}); err != nil {
					return err
				}
			default:
				if err := s.answer(q); err != nil {
					return err
				}
			}
		case o := <-done:
			ticker.Stop()
			s.aftermath(&o, current.request.Leaks)
			o.Initial = s.initial
			id := current.id
			current, done, tick = nil, nil, nil
			if err := s.reply(protocol.Reply{ID: id, Outcome: &o}); err != nil {
				return err
			}
		case now := <-tick:
			if err := s.watch(current, now); err != nil {
				return err
			}
		}
	}
}

// read hands on requests until the descriptor is closed.
func read(in io.Reader, requests chan<- protocol.Request, broken chan<- error) {
	for {
		var q protocol.Request
		if err := protocol.Read(in, &q); err != nil {
			broken <- err
			return
		}
		requests <- q
	}
}

func (s *server) reply(r protocol.Reply) error {
	r.Nonce = s.nonce
	return protocol.Write(s.out, r)
}

// answer serves the requests that take no watching.
func (s *server) answer(q protocol.Request) error {
	switch {
	case q.Hello != nil:
		s.nonce = q.Hello.Nonce
		return s.reply(protocol.Reply{ID: q.ID, Ready: &protocol.Ready{
			Version:     protocol.Version,
			LeakProfile: s.leaks.available,
		}})
	case q.Bench != nil:
		s.check = nil // what it refers to is garbage now
		var done protocol.BenchDone
		done, s.check = bench(s.suite, *q.Bench)
		return s.reply(protocol.Reply{ID: q.ID, Bench: &done})
	case q.BenchCheck && s.check != nil:
		return s.reply(protocol.Reply{ID: q.ID, Checked: &protocol.BenchChecked{Violation: s.check()}})
	case q.Run != nil:
		return fmt.Errorf("request %d: a run is in progress", q.ID)
	}
	return fmt.Errorf("request %d asks for nothing", q.ID)
}

func (s *server) start(id uint64, q protocol.Run) *run {
	dump := stacks()
	if s.before == nil {
		s.initial = text(startedByComponents(dump))
	}
	s.before = goroutines(dump)
	now := time.Now()
	r := &run{
		id: id, request: q, progress: new(harness.Progress), done: make(chan protocol.Outcome, 1),
		began: now, changed: now, long: now.Add(time.Second),
	}
	// The outcome has room in the channel, so that this goroutine never waits
	// for the loop.
	go func(suite harness.Suite, q protocol.Run, p *harness.Progress, done chan<- protocol.Outcome) {
		done <- execute(suite, q, p)
	}(s.suite, q, r.progress, r.done)
	return r
}

// watch reports a stall where no operation has ended for a while, again and
// again until one ends, and now and then looks at a run that makes progress but
// does not end: some of its goroutines may be stuck for ever.
func (s *server) watch(r *run, now time.Time) error {
	if life := r.progress.Life(); life != r.life {
		r.life, r.changed = life, now
	}
	stall := time.Duration(r.request.Stall)
	due := now.Sub(r.changed) >= stall && !now.Before(r.again)
	if !due && now.After(r.long) {
		r.long = now.Add(now.Sub(r.began))
		due = true
	}
	if !due {
		return nil
	}
	began, used := time.Now(), cpu()
	dump := s.dump(r, r.request.Leaks && s.leaks.available)
	err := s.reply(protocol.Reply{ID: r.id, Stall: &dump})
	// A dump of a thousand goroutines costs so much that the run would get nowhere
	// for being looked at, and seem to spin.
	cost := min(time.Since(began), time.Duration(cpu()-used))
	r.again = now.Add(max(stall, dumpShare*cost))
	return err
}

// dumpShare is how many times as long as a dump took nothing is looked at.
const dumpShare = 5

// dump takes the stacks of the goroutines of the run in progress, the harness's
// own left out.
func (s *server) dump(r *run, leaks bool) protocol.Dump {
	var d protocol.Dump
	if leaks {
		s.leaks.collect()
	}
	d.Stacks = text(s.theirs(stacks()))
	if r != nil {
		d.Life = r.progress.Life()
		d.Violations = r.progress.Violations()
	}
	d.CPU = cpu()
	return d
}

// cpu is the processor time that the process has used, in nanoseconds.
func cpu() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
