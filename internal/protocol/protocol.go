// Package protocol is what a worker and its runner say to each other: frames
// on two private descriptors, apart from stdout and stderr, which belong to the
// code that is judged. Requests go to the worker on descriptor RequestFD,
// replies come back on ReplyFD. Every reply carries the nonce that the first
// request brought, so that a line printed by a candidate is never taken for an
// answer.
//
// It is compiled together with a candidate and uses the standard library alone.
package protocol

// Version is checked by both sides in the first exchange.
const Version = 2

// The descriptors a worker is started with.
const (
	RequestFD = 3
	ReplyFD   = 4
)

// Request asks a worker for one thing. Exactly one of the pointers is set.
type Request struct {
	ID    uint64 `json:"id"`
	Hello *Hello `json:"hello,omitempty"`
	Run   *Run   `json:"run,omitempty"`
	Bench *Bench `json:"bench,omitempty"`
	// BenchCheck asks whether the work of the last Bench was done rightly. It is
	// a request of its own because the answer to Bench is timed.
	BenchCheck bool `json:"bench_check,omitempty"`
	// Dump asks for the stacks of all goroutines of the run in progress.
	Dump bool `json:"dump,omitempty"`
	// Nudge asks for nothing and is not answered. That it arrives is what it is
	// for: see runner.nudgeEvery.
	Nudge bool `json:"nudge,omitempty"`
}

// Hello opens the conversation.
type Hello struct {
	Version int    `json:"version"`
	Nonce   string `json:"nonce"`
}

// Run executes one scenario once.
type Run struct {
	Scenario string `json:"scenario"`
	Seed     uint64 `json:"seed"`
	// Stall is how long no operation may end before the worker reports a
	// stall, in nanoseconds.
	Stall int64 `json:"stall_ns"`
	// Leaks asks for the goroutine leak profile after the scenario.
	Leaks bool `json:"leaks,omitempty"`
}

// Bench executes one performance workload for a fixed number of operations.
type Bench struct {
	Workload   string `json:"workload"`
	Operations int    `json:"operations"`
	Seed       uint64 `json:"seed"`
	// Spin is the number of rounds of the caller's own work per operation.
	Spin int `json:"spin"`
}

// Reply is one frame from a worker. Exactly one of the pointers is set.
type Reply struct {
	ID    uint64 `json:"id"`
	Nonce string `json:"nonce"`
	Ready *Ready `json:"ready,omitempty"`
	// Stall reports that no operation ended for a while; the run goes on.
	Stall   *Dump         `json:"stall,omitempty"`
	Outcome *Outcome      `json:"outcome,omitempty"`
	Bench   *BenchDone    `json:"bench,omitempty"`
	Checked *BenchChecked `json:"bench_checked,omitempty"`
	Dump    *Dump         `json:"dump,omitempty"`
}

// Ready answers Hello.
type Ready struct {
	Version int `json:"version"`
	// LeakProfile says that the goroutine leak profile is built in.
	LeakProfile bool `json:"leak_profile"`
}

// Dump is a picture of all goroutines, as runtime.Stack writes it. Where the
// goroutine leak profile is built in and was asked for, those that can never be
// woken again are marked as leaked.
type Dump struct {
	Stacks string `json:"stacks"`
	// Life grows as long as the run gets on: with each operation that ends, and
	// other signs of life that a scenario gives.
	Life uint64 `json:"life"`
	// CPU is the processor time that the process has used, in nanoseconds.
	CPU int64 `json:"cpu_ns"`
	// Violations were found before the dump: a scenario that hangs after its
	// first violation has more to say than that it hangs.
	Violations []Violation `json:"violations,omitempty"`
}

// Outcome is what one run of a scenario showed.
type Outcome struct {
	Violations []Violation `json:"violations,omitempty"`
	Histories  []History   `json:"histories,omitempty"`
	Operations uint64      `json:"operations"`
	Elapsed    int64       `json:"elapsed_ns"`
	// Remaining are the stacks of goroutines that the scenario left behind
	// beyond the grace that the contract gives, marked like those of a Dump.
	Remaining string `json:"remaining,omitempty"`
	// Initial are the stacks of goroutines that the initialisation of a component's
	// package started: they were there before the first call.
	Initial string `json:"initial,omitempty"`
	// Unknown: the worker has no scenario of that name.
	Unknown bool `json:"unknown,omitempty"`
	// Parameters describes what the seed chose, for the reader of a report.
	Parameters string `json:"parameters,omitempty"`
}

// Violation is a broken invariant, seen inside the worker.
type Violation struct {
	// Kind is one of the finding kinds: invariant, lost-update, panic, …
	Kind     string `json:"kind"`
	Contract string `json:"contract"`
	Message  string `json:"message"`
	Expected string `json:"expected,omitempty"`
	Observed string `json:"observed,omitempty"`
	// Stack is the text of the goroutine's stack, where it says something.
	Stack string `json:"stack,omitempty"`
	// History is what cannot be put in order, where the scenario checked it.
	History *History `json:"history,omitempty"`
}

// History is a record of concurrent operations for the linearizability check,
// or of one client's operations for the gate.
type History struct {
	// Model names the sequential model: cache, counter or workerpool.
	Model string `json:"model"`
	// Init parameterises the model: the capacity, or the number of workers.
	Init []int64     `json:"init"`
	Ops  []Operation `json:"ops"`
	// Unit is what the instants count, for a reader: nanoseconds if empty. Who
	// receives a history knows it, and sets it.
	Unit string `json:"-"`
}

// Operation is one call with what it was given and what it returned. Call and
// Return are instants on the worker's monotonic clock in nanoseconds: taking
// them must not order goroutines that the component does not order, so no
// shared counter will do.
type Operation struct {
	Client int     `json:"c"`
	Call   int64   `json:"a"`
	Return int64   `json:"z"`
	Name   string  `json:"op"`
	In     []int64 `json:"in,omitempty"`
	Out    []int64 `json:"out,omitempty"`
}

// BenchDone is the answer to Bench.
type BenchDone struct {
	Operations int `json:"operations"`
	// Elapsed is the worker's own measure; the judge takes its own, too.
	Elapsed int64 `json:"elapsed_ns"`
	// Unknown: the worker has no workload of that name.
	Unknown bool `json:"unknown,omitempty"`
}

// BenchChecked is the answer to BenchCheck.
type BenchChecked struct {
	// Violation is what was wrong, if anything was.
	Violation *Violation `json:"violation,omitempty"`
}
