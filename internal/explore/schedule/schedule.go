// Package schedule holds schedules: the choices that make one run of a test
// what it was, in a form that survives small edits of the program.
//
// A schedule is a seed and a list of switches. Where no switch says otherwise
// the current goroutine goes on, and if it cannot, the next one in order of
// creation. A switch names its place by goroutine, operation and occurrence,
// never by line.
package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"racebench/internal/explore/trace"
)

// Version is the version of the file format that this package writes.
const Version = 1

// A Goroutine is a path of creation: "1" runs the test's root, "1.2" is the
// second goroutine that "1" started. Goroutines that timers start and daemons
// kept between tests are children of "0"; "" is the clock.
type Goroutine string

// A Switch is one deviation from the default choice.
type Switch struct {
	Goroutine  Goroutine // who was current
	Op         trace.Op  // its operation
	Occurrence int       // how-manieth operation of that kind by that goroutine, from 1
	Again      int       // blocked: how often it had blocked in that operation before
	Phase      trace.Phase
	To         Goroutine // who goes on instead; "" for a slip of the clock
}

// Preemption reports whether the switch takes the turn from a goroutine that
// could have gone on.
func (s Switch) Preemption() bool { return s.Phase == trace.Before }

// String returns the switch as it stands in a file:
// "1.2 before Lock #3 -> 1.1", or "1.2 blocked Lock #3+1 -> 1.1" where it had
// blocked in that Lock once before.
func (s Switch) String() string {
	var b strings.Builder
	switch s.Phase {
	case trace.Clock:
		fmt.Fprintf(&b, "clock #%d", s.Occurrence)
	case trace.Exited:
		fmt.Fprintf(&b, "%s exited", s.Goroutine)
	default:
		g := s.Goroutine
		if g == "" {
			g = "clock"
		}
		fmt.Fprintf(&b, "%s %s %s #%d", g, s.Phase, strings.ReplaceAll(s.Op.String(), " ", "_"), s.Occurrence)
		if s.Again > 0 {
			fmt.Fprintf(&b, "+%d", s.Again)
		}
	}
	if s.To != "" {
		fmt.Fprintf(&b, " -> %s", s.To)
	}
	return b.String()
}

// ParseSwitch is the inverse of String.
func ParseSwitch(text string) (Switch, error) {
	var s Switch
	place, to, _ := strings.Cut(text, " -> ")
	s.To = Goroutine(to)
	f := strings.Fields(place)
	bad := func() (Switch, error) { return Switch{}, fmt.Errorf("schedule: bad switch %q", text) }
	number := func(t string) (int, error) { return strconv.Atoi(strings.TrimPrefix(t, "#")) }
	var err error
	switch {
	case len(f) == 2 && f[1] == "exited":
		s.Goroutine, s.Phase = Goroutine(f[0]), trace.Exited
	case len(f) == 2 && f[0] == "clock":
		s.Phase = trace.Clock
		if s.Occurrence, err = number(f[1]); err != nil {
			return bad()
		}
	case len(f) == 4:
		if f[0] != "clock" {
			s.Goroutine = Goroutine(f[0])
		}
		if s.Phase, err = trace.ParsePhase(f[1]); err != nil {
			return bad()
		}
		if s.Op, err = trace.ParseOp(f[2]); err != nil {
			return bad()
		}
		occurrence, again, more := strings.Cut(f[3], "+")
		if s.Occurrence, err = number(occurrence); err != nil {
			return bad()
		}
		if more {
			if s.Again, err = strconv.Atoi(again); err != nil || s.Again < 1 {
				return bad()
			}
		}
	default:
		return bad()
	}
	if s.To == "" && s.Phase < trace.Slip {
		return bad()
	}
	for _, g := range []Goroutine{s.Goroutine, s.To} {
		if _, err := g.Hash(); err != nil {
			return bad()
		}
	}
	return s, nil
}

// MarshalText implements [encoding.TextMarshaler].
func (s Switch) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Switch) UnmarshalText(b []byte) error {
	p, err := ParseSwitch(string(b))
	if err == nil {
		*s = p
	}
	return err
}

// Hash returns the number by which the test binary knows the goroutine; 0 is
// the clock.
func (g Goroutine) Hash() (uint64, error) {
	if g == "" {
		return 0, nil
	}
	parts := strings.Split(string(g), ".")
	if parts[0] == "0" {
		parts = parts[1:]
	}
	var h uint64
	for _, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil || n == 0 {
			return 0, fmt.Errorf("schedule: bad goroutine %q", g)
		}
		h = mix(h ^ mix(n))
	}
	return h, nil
}

// mix is the finalizer of SplitMix64, as in the injected sources.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

// A File is a schedule with what is needed to run it again.
type File struct {
	Version    int      `json:"racebench_schedule"`
	GoVersion  string   `json:"go_version"`
	Package    string   `json:"package"` // import path
	Test       string   `json:"test"`
	Race       bool     `json:"race"`
	Tags       string   `json:"tags,omitempty"`
	Short      bool     `json:"short,omitempty"`
	Source     string   `json:"source_hash"` // of the sources of the package and its module's packages
	Seed       uint64   `json:"seed"`        // of select, maps and math/rand
	Epoch      int64    `json:"epoch_ns"`    // start of virtual time, ns since 1970
	Finding    string   `json:"finding"`     // what it shows: the finding's kind
	Message    string   `json:"message"`
	Signature  string   `json:"signature"`
	Trace      string   `json:"trace_hash"` // of the steps; equal in every replay of the same program
	Minimal    bool     `json:"minimal"`    // without any one of the switches the finding is gone
	Switches   []Switch `json:"switches"`
	Deviations int      `json:"recorded_switches,omitempty"` // before minimising
}

// Slips returns how many timers the schedule lets fire early.
func (f *File) Slips() int {
	n := 0
	for _, s := range f.Switches {
		if s.Phase >= trace.Slip {
			n++
		}
	}
	return n
}

// A VersionError says that a schedule file is of another version.
type VersionError struct{ Version int }

func (e *VersionError) Error() string {
	return fmt.Sprintf("schedule: file of version %d, this racebench reads version %d", e.Version, Version)
}

// Parse reads a schedule file's contents.
func Parse(b []byte) (*File, error) {
	var head struct {
		Version int `json:"racebench_schedule"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	if head.Version != Version {
		return nil, &VersionError{head.Version}
	}
	f := new(File)
	if err := json.Unmarshal(b, f); err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	if f.Test == "" {
		return nil, errors.New("schedule: no test named")
	}
	return f, nil
}

// Read reads a schedule file.
func Read(name string) (*File, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return Parse(b)
}

// Format returns the file's contents.
func (f *File) Format() ([]byte, error) {
	f.Version = Version
	if f.Switches == nil {
		f.Switches = []Switch{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the arrows of switches stay readable
	enc.SetIndent("", "  ")
	err := enc.Encode(f)
	return b.Bytes(), err
}

// Write writes the schedule to a file, making its folder.
func (f *File) Write(name string) error {
	b, err := f.Format()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, b, 0o644)
}
