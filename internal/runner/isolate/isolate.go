// Package isolate puts a worker process, whose code is not to be trusted,
// behind the protections that the machine offers.
//
// A package's init functions run before main, so nothing that a worker does for
// itself comes early enough. The runner therefore starts a launcher (the same
// executable again, told so by its first argument) that restricts itself and
// then replaces itself by the worker: same process, same descriptors, no way
// back.
package isolate

import (
	"encoding/json"
	"fmt"
	"io"
)

// Arg is the first argument by which an executable is told to be the launcher.
// Its main function calls Main before anything else when it sees it.
const Arg = "__launch"

// NoProcesses names the measure that, in force, keeps a worker from starting
// any other process.
const NoProcesses = "system call filter"

// Spec says what the launcher starts and how far it may go.
type Spec struct {
	// Binary is the absolute path of the worker, Args what follows its name.
	Binary string   `json:"binary"`
	Args   []string `json:"args,omitempty"`
	// Env is the worker's whole environment.
	Env []string `json:"env"`
	// Dir is the one folder that the worker may write to, and its working
	// directory.
	Dir    string `json:"dir"`
	Limits Limits `json:"limits"`
	// Status is the descriptor on which the launcher says what is in force: the
	// first after those that the worker is given. It is closed when the worker
	// starts, which tells the runner that the launch succeeded; the worker never
	// holds it, so that it cannot forge what it says.
	Status int `json:"status"`
	// FixedAddresses turns address space randomisation off, which the race
	// detector's memory layout needs on some kernels; it would otherwise
	// execute itself again, which a worker may not.
	FixedAddresses bool `json:"fixed_addresses,omitempty"`
	// Bare leaves system calls unfiltered and files unrestricted, as on a machine
	// whose kernel can do neither. It is there for the tests of what comes
	// second.
	Bare bool `json:"bare,omitempty"`
}

// Limits bounds what one worker may use. Zero means no bound.
type Limits struct {
	// Data bounds private writable memory in bytes. It is of no use with the
	// race detector, whose shadow memory counts.
	Data uint64 `json:"data,omitempty"`
	// FileSize bounds each written file in bytes.
	FileSize uint64 `json:"file_size,omitempty"`
	// Files bounds the open descriptors.
	Files uint64 `json:"files,omitempty"`
	// CPU bounds processor time in seconds.
	CPU uint64 `json:"cpu,omitempty"`
}

// Measure is one protection and whether it is in force.
type Measure struct {
	Name    string `json:"name"`
	InForce bool   `json:"in_force"`
	Detail  string `json:"detail,omitempty"`
}

// Status is what a launcher reports before it becomes the worker.
type Status struct {
	Measures []Measure `json:"measures,omitempty"`
	// Error says why the worker could not be started; a failure of ours, or of
	// the machine, never of the candidate.
	Error string `json:"error,omitempty"`
}

// Argument encodes the specification for the launcher's command line.
func (s Spec) Argument() (string, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("isolate: %w", err)
	}
	return string(b), nil
}

// ReadStatus reads what the launcher wrote until the worker took over.
func ReadStatus(r io.Reader) (Status, error) {
	var s Status
	b, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return s, fmt.Errorf("isolate: %w", err)
	}
	if len(b) == 0 {
		return s, fmt.Errorf("isolate: the launcher said nothing: does the executable's main function call isolate.Main?")
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("isolate: launcher status: %w", err)
	}
	return s, nil
}
