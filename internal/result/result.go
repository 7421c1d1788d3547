// Package result is the model of what racebench saw: one Result for each
// candidate, made of iterations, findings, measurements and the limits under
// which they were taken. It is versioned JSON and holds no behaviour beyond
// merging and sorting; what a Result means is the business of scoring, how it
// looks that of report.
package result

import "time"

// SchemaVersion is raised whenever a reader of the JSON form would notice.
const SchemaVersion = 1

// Component names one of the three parts of the task.
type Component string

// The three components, in the order in which everything lists them.
const (
	Cache      Component = "cache"
	Counter    Component = "counter"
	WorkerPool Component = "workerpool"
)

// Components lists the components in the order of every table.
func Components() []Component { return []Component{Cache, Counter, WorkerPool} }

// Kind says what sort of defect a finding is.
type Kind string

// The kinds of finding.
const (
	DataRace        Kind = "data-race"
	LostUpdate      Kind = "lost-update"
	Invariant       Kind = "invariant"
	NotLinearizable Kind = "not-linearizable"
	Deadlock        Kind = "deadlock"
	LockOrder       Kind = "lock-order"
	GoroutineLeak   Kind = "goroutine-leak"
	Livelock        Kind = "livelock"
	Panic           Kind = "panic"
	Fatal           Kind = "fatal"
	Exit            Kind = "exit"
	ResourceLimit   Kind = "resource-limit"
	Slow            Kind = "slow"
	Static          Kind = "static"
	API             Kind = "api"
	Hostile         Kind = "hostile"
	Build           Kind = "build"
	// Behaviour is a difference from the sequential model, seen by the gate
	// with one goroutine.
	Behaviour Kind = "behaviour"
	// OverLocking is a probe of L1 to L4 that failed.
	OverLocking Kind = "over-locking"
)

// Origin says which part of the pipeline made an observation.
type Origin string

// The origins of a finding.
const (
	FromCandidate   Origin = "candidate"
	FromGate        Origin = "gate"
	FromHammer      Origin = "hammer"
	FromExploration Origin = "exploration"
	FromRules       Origin = "rules"
	FromMeasurement Origin = "measurement"
)

// Severity grades a static finding; run-time findings are always errors.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Position is a place in the candidate's sources. File is relative to the
// candidate's folder and uses forward slashes.
type Position struct {
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Function string `json:"function,omitempty"`
}

// Stack is one goroutine, or one access of a data race, with its frames,
// innermost first.
type Stack struct {
	// Title says what the stack is, such as "write at 0x00c0000140a8 by
	// goroutine 8" or "goroutine 12 [sync.Mutex.Lock]".
	Title  string     `json:"title"`
	Frames []Position `json:"frames,omitempty"`
}

// Wait is one goroutine of a waits-for picture: who waits where, for what, and
// who is likely to hold it.
type Wait struct {
	Goroutine string     `json:"goroutine"`
	State     string     `json:"state"`
	At        []Position `json:"at,omitempty"`
	For       string     `json:"for,omitempty"`
	HeldBy    []string   `json:"held_by,omitempty"`
	CreatedBy *Position  `json:"created_by,omitempty"`
	// Count is the number of goroutines that wait in exactly this way.
	Count int `json:"count,omitempty"`
}

// Finding is one defect of the candidate with its evidence. An error of
// racebench's own is never a finding.
type Finding struct {
	// ID is stable for the same defect: it is derived from the kind, the
	// component, the scenario, the rule and the positions.
	ID        string    `json:"id"`
	Kind      Kind      `json:"kind"`
	Origin    Origin    `json:"origin"`
	Severity  Severity  `json:"severity"`
	Component Component `json:"component,omitempty"`
	Scenario  string    `json:"scenario,omitempty"`
	Rule      string    `json:"rule,omitempty"`
	// Contract lists the numbers of the contract sentences that are broken.
	Contract  []string   `json:"contract,omitempty"`
	Message   string     `json:"message"`
	Expected  string     `json:"expected,omitempty"`
	Observed  string     `json:"observed,omitempty"`
	Positions []Position `json:"positions,omitempty"`
	Stacks    []Stack    `json:"stacks,omitempty"`
	WaitsFor  []Wait     `json:"waits_for,omitempty"`
	// Detail is further evidence as text: a history, a compiler's output, the
	// end of stderr, the steps of a schedule.
	Detail []string `json:"detail,omitempty"`
	// Potential marks a defect that can happen but did not: a lock-order cycle
	// that never closed, a lock left held on an error path.
	Potential bool `json:"potential,omitempty"`
	// Confirmed says that the defect showed itself beyond doubt.
	Confirmed bool `json:"confirmed"`
	// Iterations are the indices of the iterations that showed it, ascending.
	Iterations []int `json:"iterations,omitempty"`
	Repro      Repro `json:"repro,omitzero"`
}

// Repro is the one command that shows a finding again.
type Repro struct {
	Command string `json:"command"`
	Seed    uint64 `json:"seed,omitempty"`
	// Schedule is the schedule file to replay, where there is one.
	Schedule string `json:"schedule,omitempty"`
}

// Iteration is one execution of the scenario suite with one seed.
type Iteration struct {
	Index int    `json:"index"`
	Seed  uint64 `json:"seed"`
	// Race says whether it ran in a worker built with the race detector.
	Race bool `json:"race"`
	// Bare says whether it ran in a worker without noise points, as it is
	// compiled where speed is measured.
	Bare bool `json:"bare,omitempty"`
	// Passed: every scenario ran to its end without a defect.
	Passed bool `json:"passed"`
	// Complete: every scenario ran to its end, whatever it found.
	Complete bool `json:"complete"`
	// Skipped names the scenarios that were not run, after repeated hangs.
	Skipped []string `json:"skipped,omitempty"`
	// Failed names the scenarios that did not pass.
	Failed  []string      `json:"failed,omitempty"`
	Elapsed time.Duration `json:"elapsed_ns"`
}

// ScenarioTotals sums up one scenario over all iterations.
type ScenarioTotals struct {
	Name      string    `json:"name"`
	Component Component `json:"component"`
	Runs      int       `json:"runs"`
	// Failures counts the runs that did not pass, Incomplete those among them
	// that did not reach their end.
	Failures   int           `json:"failures"`
	Incomplete int           `json:"incomplete"`
	Operations uint64        `json:"operations"`
	Elapsed    time.Duration `json:"elapsed_ns"`
	// Undecided counts the histories whose check ran out of time.
	Undecided int `json:"undecided,omitempty"`
}

// Gate is the outcome of driving one component by one goroutine through its
// sequential model.
type Gate struct {
	Component  Component `json:"component"`
	Ran        bool      `json:"ran"`
	Passed     bool      `json:"passed"`
	Operations int       `json:"operations"`
}

// Measurement compares the candidate with the textbook baseline.
type Measurement struct {
	Workloads []Workload `json:"workloads"`
	Probes    []Probe    `json:"probes"`
	// Slowdown is the geometric mean of the workloads' ratios per component.
	Slowdown []Slowdown `json:"slowdown"`
	// Assumption says what the intervals rest on.
	Assumption string `json:"assumption,omitempty"`
	// CandidateTime and BaselineTime are what 100 iterations take at the speed
	// of the median one; the baseline's is only taken where it matters.
	CandidateTime time.Duration `json:"candidate_time_ns,omitempty"`
	BaselineTime  time.Duration `json:"baseline_time_ns,omitempty"`
	Skipped       string        `json:"skipped,omitempty"`
}

// Workload is one row of the comparison. Ratio is candidate time over baseline
// time for the same work: above 1 the candidate is slower.
type Workload struct {
	Component  Component `json:"component"`
	Name       string    `json:"name"`
	Goroutines int       `json:"goroutines"`
	Pairs      int       `json:"pairs"`
	Ratio      float64   `json:"ratio"`
	Low        float64   `json:"low"`
	High       float64   `json:"high"`
	Confidence float64   `json:"confidence"`
	Warnings   []string  `json:"warnings,omitempty"`
}

// Slowdown is a component's geometric mean over its workloads.
type Slowdown struct {
	Component Component `json:"component"`
	Ratio     float64   `json:"ratio"`
	Low       float64   `json:"low"`
	High      float64   `json:"high"`
	// Warnings say what a reader of the interval has to know.
	Warnings []string `json:"warnings,omitempty"`
}

// Probe is one check of L1 to L4 by rendezvous.
type Probe struct {
	Component Component `json:"component"`
	Sentence  string    `json:"sentence"`
	Name      string    `json:"name"`
	Passed    bool      `json:"passed"`
	Observed  string    `json:"observed,omitempty"`
}

// Exploration is what the controlled schedules of one component showed.
type Exploration struct {
	Component Component `json:"component"`
	// Schedules were executed; Distinct counts different happens-before
	// fingerprints among them.
	Schedules int      `json:"schedules"`
	Distinct  int      `json:"distinct"`
	Strategy  string   `json:"strategy"`
	Complete  bool     `json:"complete,omitempty"`
	Limits    []string `json:"limits,omitempty"`
}

// CanaryCheck is one planted defect, or its right twin, run through the same
// binaries, flags, detectors and parsers as the candidate.
type CanaryCheck struct {
	Detector string `json:"detector"`
	// Planted: the defect was there to be found. Otherwise this is the right
	// twin, which must stay silent.
	Planted bool   `json:"planted"`
	OK      bool   `json:"ok"`
	Message string `json:"message,omitempty"`
}

// Capability is something that racebench can use where the machine has it.
type Capability struct {
	Name      string `json:"name"`
	Available bool   `json:"available"`
	// Required: a score needs it, unless it was waived.
	Required bool   `json:"required,omitempty"`
	Waived   bool   `json:"waived,omitempty"`
	Detail   string `json:"detail,omitempty"`
}

// The names of the capabilities that a score asks for.
const (
	Toolchain      = "toolchain"
	RaceDetector   = "race"
	LeakProfile    = "leak-profile"
	ScheduleSearch = "explore"
)

// Protection is one measure that stood between the candidate and the machine.
type Protection struct {
	Name    string `json:"name"`
	InForce bool   `json:"in_force"`
	Detail  string `json:"detail,omitempty"`
}

// Candidate says what was judged.
type Candidate struct {
	Name string `json:"name"`
	// Dir is the folder as the user named it; empty for the built-in
	// components.
	Dir     string `json:"dir,omitempty"`
	Builtin bool   `json:"builtin,omitempty"`
	// Prefix stands between Dir and the files of positions, such as
	// "internal/".
	Prefix string `json:"prefix,omitempty"`
	// Hash is the SHA-256 of the sources that were taken.
	Hash string `json:"hash,omitempty"`
	// Unjudgeable is set where the candidate cannot be judged through its own
	// fault: a missing file, a compile error, a changed API.
	Unjudgeable string `json:"unjudgeable,omitempty"`
	// Notes are sentences about what was left out, such as its own tests.
	Notes []string `json:"notes,omitempty"`
}

// Tool is the racebench and the machine that made a Result.
type Tool struct {
	Version   string `json:"version"`
	GoVersion string `json:"go_version"`
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	CPUs      int    `json:"cpus"`
}

// Asked are options of a judgement. Two judgements of the same candidate with the
// same version and the same options answer the same question.
type Asked struct {
	// Race and Noise say in which iterations there were the race detector and
	// noise points: auto, on or off.
	Race  string `json:"race"`
	Noise string `json:"noise"`
	// Timeout is the deadline of one scenario, Duration the bound on the
	// iterations and Budget that on the whole judgement; 0 is none.
	Timeout  time.Duration `json:"timeout_ns"`
	Duration time.Duration `json:"duration_ns,omitempty"`
	Budget   time.Duration `json:"budget_ns,omitempty"`
}

// Decisive is why a run stopped that was to find something and has found it.
const Decisive = "a decisive finding"

// Result is everything that was seen of one candidate.
type Result struct {
	SchemaVersion int       `json:"schema_version"`
	Tool          Tool      `json:"tool"`
	Candidate     Candidate `json:"candidate"`
	Started       time.Time `json:"started"`
	// Elapsed is wall time, builds included; BuildTime is their share.
	Elapsed   time.Duration `json:"elapsed_ns"`
	BuildTime time.Duration `json:"build_time_ns,omitempty"`
	Seed      uint64        `json:"seed"`
	// Requested is the number of iterations asked for.
	Requested int `json:"requested_iterations"`
	// Asked are the other options of the judgement that decide what it can show.
	Asked      Asked            `json:"asked"`
	Iterations []Iteration      `json:"iterations"`
	Scenarios  []ScenarioTotals `json:"scenarios"`
	Gate       []Gate           `json:"gate"`
	Findings   []Finding        `json:"findings"`
	// RulesRan says that the static rules were applied to the sources.
	RulesRan     bool          `json:"rules_ran"`
	Measurement  *Measurement  `json:"measurement,omitempty"`
	Explorations []Exploration `json:"explorations,omitempty"`
	Canary       []CanaryCheck `json:"canary"`
	Capabilities []Capability  `json:"capabilities"`
	Protections  []Protection  `json:"protections,omitempty"`
	// Limits are sentences about what was not instrumented, not explored or not
	// available.
	Limits []string `json:"limits,omitempty"`
	// Stopped says why fewer iterations were run than asked for.
	Stopped string `json:"stopped,omitempty"`
	// Interrupted: a signal ended the run; what is here is partial.
	Interrupted bool `json:"interrupted,omitempty"`
	// Trouble lists failures of racebench itself. With any of them nothing can
	// be called a pass.
	Trouble []string `json:"trouble,omitempty"`
}
