package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"racebench/internal/result"
	"racebench/internal/scoring"
)

// scored is the JSON of `racebench score`: the score's keys first, score,
// max_score, status and message at their head, then all that was seen.
type scored struct {
	*scoring.Score
	*result.Result
}

// unscored is the JSON of `racebench run`.
type unscored struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	*result.Result
}

// JSON writes the document as one JSON object, indented, with a final newline.
func JSON(w io.Writer, d Document) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if d.Brief {
		d = brief(d)
	}
	r := withArrays(d.Result)
	if d.Score != nil {
		return enc.Encode(scored{d.Score, r})
	}
	return enc.Encode(unscored{RunStatus(r), runMessage(r), r})
}

// withArrays returns a copy in which no list that is always written is nil: what
// reads the JSON can go through an empty array, and not through null.
func withArrays(r *result.Result) *result.Result {
	c := *r
	c.Iterations, c.Scenarios, c.Gate = array(c.Iterations), array(c.Scenarios), array(c.Gate)
	c.Findings, c.Canary, c.Capabilities = array(c.Findings), array(c.Canary), array(c.Capabilities)
	if c.Measurement != nil {
		m := *c.Measurement
		m.Workloads, m.Probes, m.Slowdown = array(m.Workloads), array(m.Probes), array(m.Slowdown)
		c.Measurement = &m
	}
	return &c
}

func array[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// ReadJSON reads what JSON wrote, the score apart: it is computed again.
func ReadJSON(r io.Reader) (*result.Result, error) {
	var res result.Result
	if err := json.NewDecoder(r).Decode(&res); err != nil {
		return nil, fmt.Errorf("no racebench report: %w", err)
	}
	if res.SchemaVersion == 0 {
		return nil, fmt.Errorf("no racebench report: schema_version is missing")
	}
	if res.SchemaVersion > result.SchemaVersion {
		return nil, fmt.Errorf("schema_version %d is newer than this racebench, which reads up to %d", res.SchemaVersion, result.SchemaVersion)
	}
	return &res, nil
}

// RunStatus is the verdict of a run without a score: clean, findings,
// inconclusive or interrupted. An iteration that did not pass, though nothing
// was found in it beyond doubt, decides nothing.
func RunStatus(r *result.Result) string {
	switch {
	case r.Interrupted:
		return "interrupted"
	case slices.ContainsFunc(r.Findings, func(f result.Finding) bool { return f.Confirmed && f.Severity == result.Error }):
		return "findings"
	case r.Candidate.Unjudgeable != "":
		return "findings"
	case len(r.Trouble) > 0, r.Requested > 0 && len(r.Iterations) == 0,
		slices.ContainsFunc(r.Canary, func(c result.CanaryCheck) bool { return !c.OK }),
		slices.ContainsFunc(r.Scenarios, func(s result.ScenarioTotals) bool { return s.Undecided > 0 }),
		slices.ContainsFunc(r.Iterations, func(it result.Iteration) bool { return !it.Passed }):
		return "inconclusive"
	}
	return "clean"
}

// schedules is the number of controlled schedules in all.
func schedules(r *result.Result) int {
	n := 0
	for _, e := range r.Explorations {
		n += e.Schedules
	}
	return n
}

// counted is a number with what it counts, in the plural unless it is one.
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func runMessage(r *result.Result) string {
	if r.Requested == 0 {
		return counted(schedules(r), "controlled schedule") + ", " + counted(len(r.Findings), "finding")
	}
	passed := 0
	for _, it := range r.Iterations {
		if it.Passed && it.Complete {
			passed++
		}
	}
	return fmt.Sprintf("%d of %d iterations passed, %s", passed, len(r.Iterations), counted(len(r.Findings), "finding"))
}

// brief leaves what tells a person judged that something is wrong, where and
// how often, and takes away what would tell the checks apart: seeds, values,
// histories, and the frames of racebench's own. The score of what is left is
// the same.
func brief(d Document) Document {
	r := *d.Result
	r.Seed = 0
	r.Iterations = slices.Clone(r.Iterations)
	for i := range r.Iterations {
		r.Iterations[i].Seed = 0
	}
	r.Findings = slices.Clone(r.Findings)
	for i, f := range r.Findings {
		f.Repro = result.Repro{}
		if f.Origin != result.FromRules && f.Origin != result.FromCandidate {
			f.Expected, f.Observed, f.Detail = "", "", nil
			f = withoutRacebench(candidateOnly(f))
		}
		r.Findings[i] = f
	}
	if r.Measurement != nil {
		m := *r.Measurement
		m.Probes = slices.Clone(m.Probes)
		for i := range m.Probes {
			m.Probes[i].Observed = saidOf(m.Probes[i], r.Findings)
		}
		r.Measurement = &m
	}
	out := Document{Result: &r, Brief: true}
	if d.Score != nil {
		score := scoring.Of(&r) // its reasons quote what is gone
		out.Score = &score
	}
	return out
}

// saidOf is what a probe that failed has found, without the values.
func saidOf(p result.Probe, fs []result.Finding) string {
	for _, f := range fs {
		if f.Kind == result.OverLocking && f.Scenario == p.Name {
			return f.Message
		}
	}
	return ""
}

// withoutRacebench takes racebench's own frames out of a finding whose stacks
// belong to nobody else.
func withoutRacebench(f result.Finding) result.Finding {
	own := func(frames []result.Position) []result.Position {
		return slices.DeleteFunc(slices.Clone(frames), ofRacebench)
	}
	f.Positions = own(f.Positions)
	for i := range f.Stacks {
		f.Stacks[i].Frames = own(f.Stacks[i].Frames)
	}
	for i := range f.WaitsFor {
		f.WaitsFor[i].At = own(f.WaitsFor[i].At)
	}
	return f
}
