package harness

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"racebench/internal/protocol"
)

// maxStack and maxText bound the stack and each other text of a violation, in
// bytes: what a candidate panics with can be of any size.
const (
	maxStack = 8 << 10
	maxText  = 4 << 10
)

// T is one execution of a scenario. Its methods belong to the scenario's main
// goroutine, which is a client itself; Await, Until, Linger and the reports of
// violations may be called from any goroutine.
type T struct {
	*Client // the main goroutine
	cfg     Config
	par     params

	crew    []*Client      // all clients so far, the main goroutine first
	queued  []*Client      // those that Run will start
	spawned sync.WaitGroup // those that Spawn started
	cleanup []func()

	// given is opened when the execution is given up: a violation was found.
	// Nobody waits at a handshake any longer, and what comes of that is not
	// held against the component.
	given *Latch

	mu        sync.Mutex // guards what follows
	violated  bool
	found     []protocol.Violation
	histories []protocol.History
}

// Client is one goroutine that uses the component.
type Client struct {
	T *T
	// ID is 0 for the main goroutine and counts up.
	ID int
	// Rand draws what the seed chose for this client. Nobody else may use it.
	Rand *rand.Rand
	// Ops is the client's history so far.
	Ops  []protocol.Operation
	run  func(*Client)
	junk []byte
}

// Execute runs a scenario once, on a goroutine of its own, and returns when it
// has ended, which on a broken component may be never. It keeps no reference
// to the goroutine's objects meanwhile.
func Execute(s Scenario, cfg Config) protocol.Outcome {
	if cfg.Now == nil {
		cfg.Now = Monotonic
	}
	// Nobody but the clients of this execution counts in a progress of its own.
	// To read more of it would be a hundred decisions for a controlled scheduler.
	counted := func(t *T) uint64 { return cfg.Progress.of(len(t.crew)) }
	if cfg.Progress == nil {
		cfg.Progress = new(Progress)
	} else {
		before := cfg.Progress.Total()
		counted = func(*T) uint64 { return cfg.Progress.Total() - before }
	}
	done := make(chan protocol.Outcome, 1)
	go func() { done <- execute(s, cfg, counted) }()
	return <-done
}

func execute(s Scenario, cfg Config, counted func(*T) uint64) protocol.Outcome {
	began := Monotonic()
	t := &T{cfg: cfg, given: NewLatch()}
	t.Client = t.newClient(nil)
	if !s.Calm {
		t.par = drawParams(t.Rand, cfg.Small)
	}
	if !cfg.Small && !s.Calm {
		defer t.par.apply(cfg.Seed)()
	}
	t.guard(func() { s.Run(t) })
	t.spawned.Wait()
	for i := len(t.cleanup) - 1; i >= 0; i-- {
		t.guard(t.cleanup[i])
	}
	return protocol.Outcome{
		Violations: t.found,
		Histories:  t.histories,
		Operations: counted(t),
		Elapsed:    Monotonic() - began,
		Parameters: t.par.String(),
	}
}

// newClient makes a client that will run f.
func (t *T) newClient(f func(*Client)) *Client {
	id := len(t.crew)
	c := &Client{
		T: t, ID: id, run: f,
		Rand: rand.New(rand.NewPCG(t.cfg.Seed, uint64(id)*0x9e3779b97f4a7c15+1)),
	}
	t.crew = append(t.crew, c)
	return c
}

// Add queues n goroutines for the next run.
func (t *T) Add(n int, f func(c *Client)) {
	for range n {
		t.queued = append(t.queued, t.newClient(f))
	}
}

// Run starts what Add queued, lets all of them go at the same moment, and
// returns when they have ended.
func (t *T) Run() {
	crew := t.queued
	t.queued = nil
	// Waking a sleeping thread takes longer than many a workload, so the
	// goroutines meet awake.
	var missing atomic.Int64
	missing.Store(int64(len(crew)))
	spins := 1
	if len(crew) <= runtime.GOMAXPROCS(0) {
		spins = 200
	}
	start := NewLatch()
	var running sync.WaitGroup
	for _, c := range crew {
		running.Go(func() {
			if t.cfg.Small {
				<-start.ch
			} else {
				missing.Add(-1)
				for i := 1; missing.Load() > 0; i++ {
					if i%spins == 0 {
						runtime.Gosched()
					}
				}
			}
			t.guard(func() { c.run(c) })
		})
	}
	start.Open()
	running.Wait()
}

// Spawn starts one goroutine at once. Its end is awaited before the execution
// ends, or by what it is given to do.
func (t *T) Spawn(f func(c *Client)) {
	c := t.newClient(f)
	t.spawned.Go(func() { t.guard(func() { c.run(c) }) })
}

// guard runs f and turns a panic into a violation.
func (t *T) guard(f func()) {
	ended := false
	defer func() {
		if ended {
			return
		}
		v := protocol.Violation{
			Kind: kindExit, Contract: "G1", Message: "a method ended the goroutine that called it",
			Expected: "it returns",
			Observed: "runtime.Goexit",
		}
		if r := recover(); r != nil {
			v.Kind, v.Message = kindPanic, "a method panicked"
			v.Expected = "no panic"
			v.Observed = fmt.Sprintf("panic: %v", r)
			stack := debug.Stack()
			v.Stack = string(stack[:min(len(stack), maxStack)])
		}
		t.Report(v)
	}()
	f()
	ended = true
}

// AtEnd registers f to be called on the main goroutine after all clients have
// ended; the last one registered is called first.
func (t *T) AtEnd(f func()) { t.cleanup = append(t.cleanup, f) }

// Report records the first violation and gives the execution up.
func (t *T) Report(v protocol.Violation) {
	for _, text := range []*string{&v.Message, &v.Expected, &v.Observed} {
		if len(*text) > maxText {
			*text = strings.ToValidUTF8((*text)[:maxText], "") + " …"
		}
	}
	t.mu.Lock()
	first := !t.violated
	if first {
		t.violated = true
		t.found = append(t.found, v)
		t.cfg.Progress.violated(v)
	}
	t.mu.Unlock()
	t.given.Open()
}

// GaveUp reports whether a violation was found, after which nothing more is
// looked at.
func (t *T) GaveUp() bool { return t.given.IsOpen() }

// Fail reports a broken invariant: the contract sentence, what is wrong, what
// was expected, and what was seen.
func (t *T) Fail(contract, message string, expected, observed any) {
	t.Report(NewViolation(KindInvariant, contract, message, fmt.Sprintf("%+v", expected), fmt.Sprintf("%+v", observed)))
}

// Equal reports a violation unless observed is what was expected.
func Equal[V comparable](t *T, contract, message string, expected, observed V) bool {
	if expected == observed {
		return true
	}
	t.Fail(contract, message, expected, observed)
	return false
}

// Total reports a violation unless a sum of what several goroutines did is what
// was expected. If it is less, updates were lost.
func Total[V cmp.Ordered](t *T, contract, message string, expected, observed V) bool {
	if expected == observed {
		return true
	}
	kind := KindInvariant
	if observed < expected {
		kind = KindLostUpdate
	}
	t.Report(NewViolation(kind, contract, message, fmt.Sprint(expected), fmt.Sprint(observed)))
	return false
}

// Step says that the client has ended an operation, and sometimes yields or
// makes garbage, as the execution's parameters ask.
func (c *Client) Step() {
	c.T.cfg.Progress.slot[c.ID%slots].n.Add(1)
	if n := c.T.par.garbage; n > 0 {
		c.junk = make([]byte, n)
	}
	if n := c.T.par.yield; n > 0 && c.Rand.IntN(n) == 0 {
		runtime.Gosched()
	}
}

// Advance tells whoever watches the execution that it gets on although no operation
// has ended. It orders all who call it.
func (t *T) Advance() { t.cfg.Progress.advances.Add(1) }

// Now is the instant on the execution's clock.
func (c *Client) Now() int64 { return c.T.cfg.Now() }

// Record appends a call to the client's history; it returns now.
func (c *Client) Record(called int64, name string, in, out []int64) {
	returned := c.Now()
	c.Ops = append(c.Ops, protocol.Operation{Call: called, Return: returned, Name: name, In: in, Out: out})
	c.Step()
}

// History hands in what the clients recorded since the last call, together with
// further operations, for the linearizability check.
func (t *T) History(model string, init []int64, more ...protocol.Operation) {
	h := protocol.History{Model: model, Init: init, Ops: more}
	for _, c := range t.crew {
		for _, op := range c.Ops {
			op.Client = c.ID
			h.Ops = append(h.Ops, op)
		}
		c.Ops = nil
	}
	// Every round has new clients; a reader would rather see 0, 1, 2.
	number := map[int]int{}
	for i := range h.Ops {
		op := &h.Ops[i]
		if _, known := number[op.Client]; !known {
			number[op.Client] = len(number)
		}
		op.Client = number[op.Client]
	}
	if t.GaveUp() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.histories = append(t.histories, h)
}

// Bit is 1 for true, as histories have it.
func Bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
