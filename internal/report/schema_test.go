package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"racebench/internal/result"
	"racebench/internal/scoring"
)

var update = flag.Bool("update", false, "write docs/result.schema.json anew")

const schemaFile = "../../docs/result.schema.json"

// schemaOf derives a JSON schema from a Go type, the way encoding/json reads
// its tags.
func schemaOf(t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.Pointer:
		s := schemaOf(t.Elem())
		if kind, ok := s["type"].(string); ok {
			s["type"] = []string{kind, "null"}
		}
		return s
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return map[string]any{"type": "string", "format": "date-time"}
		}
		properties := map[string]any{}
		var required []string
		addFields(t, properties, &required)
		return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	}
	panic("no schema for " + t.String())
}

func addFields(t reflect.Type, properties map[string]any, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			addFields(inner, properties, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		properties[name] = schemaOf(f.Type)
		if !strings.Contains(options, "omit") {
			*required = append(*required, name)
		}
	}
	slices.Sort(*required)
}

func generatedSchema(t *testing.T) []byte {
	t.Helper()
	schema := schemaOf(reflect.TypeFor[scored]())
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["required"] = schemaOf(reflect.TypeFor[unscored]())["required"]
	schema["title"] = "The result of racebench score and racebench run"
	schema["description"] = "A run has no score, max_score, categories, criteria and confidence. Times are nanoseconds unless their name says otherwise. schema_version is raised with every change that a reader would notice."
	b, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// TestSchemaIsCurrent: docs/result.schema.json says what the types say.
func TestSchemaIsCurrent(t *testing.T) {
	want := generatedSchema(t)
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/result.schema.json is out of date: run go test ./internal/report -update, and raise result.SchemaVersion if readers would notice")
	}
}

// TestDocumentsMatchTheSchema: what JSON writes is what the schema promises.
func TestDocumentsMatchTheSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	schema, err := compiler.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range examples() {
		for _, hide := range []bool{false, true} {
			score := scoring.Of(r)
			for _, s := range []*scoring.Score{&score, nil} {
				var b bytes.Buffer
				if err := JSON(&b, Document{Result: r, Score: s, Brief: hide}); err != nil {
					t.Fatal(err)
				}
				doc, err := jsonschema.UnmarshalJSON(&b)
				if err != nil {
					t.Fatal(err)
				}
				if err := schema.Validate(doc); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}

// examples are results of several shapes: empty, clean, and with every field
// of a finding in use.
func examples() map[string]*result.Result {
	full := &result.Result{
		SchemaVersion: result.SchemaVersion, Seed: 7, Requested: 2, RulesRan: true,
		Tool:      result.Tool{Version: "test", GoVersion: "go1.26", OS: "linux", Arch: "amd64", CPUs: 2},
		Candidate: result.Candidate{Name: "fix", Dir: "fix"},
		Elapsed:   3 * time.Second,
		Iterations: []result.Iteration{
			{Index: 0, Seed: 7, Passed: true, Complete: true},
			{Index: 1, Seed: 8, Race: true, Complete: true, Failed: []string{"cache/mixed"}},
		},
		Scenarios: []result.ScenarioTotals{
			{Name: "cache/mixed", Component: result.Cache, Runs: 2, Failures: 1, Operations: 1234, Elapsed: time.Millisecond},
			{Name: "workerpool/submit-racing-close", Component: result.WorkerPool, Runs: 2, Operations: 99, Elapsed: time.Millisecond},
		},
		Findings: []result.Finding{
			{
				ID: "f1", Kind: result.DataRace, Origin: result.FromHammer, Severity: result.Error, Component: result.Cache,
				Scenario: "cache/mixed", Contract: []string{"C2"}, Message: "unsynchronised access in Put and Get", Confirmed: true,
				Expected: "hits + misses = gets", Observed: "12 + 3 = 17 \x1b[31mred\u202e", Iterations: []int{1},
				Positions: []result.Position{{File: "cache/cache.go", Line: 57, Function: "(*Cache).Put"}},
				Stacks:    []result.Stack{{Title: "write by goroutine 8", Frames: []result.Position{{File: "cache/cache.go", Line: 57}}}},
				WaitsFor: []result.Wait{{
					Goroutine: "goroutine 8", State: "sync.Mutex.Lock", For: "mutex 0x1", HeldBy: []string{"goroutine 9"}, Count: 2,
					At: []result.Position{{File: "cache/cache.go", Line: 60}}, CreatedBy: &result.Position{File: "main.go", Line: 1},
				}},
				Detail: []string{"</script>]]>"},
				Repro:  result.Repro{Command: "racebench run cache/mixed --seed 8 --iterations 1 --race=on", Seed: 8},
			},
			{ID: "f2", Kind: result.Static, Origin: result.FromRules, Severity: result.Warning, Component: result.Counter, Rule: "RB2001", Message: "sleep", Confirmed: true},
		},
		Canary:       []result.CanaryCheck{{Detector: "race", Planted: true, Message: "missed"}},
		Capabilities: []result.Capability{{Name: result.RaceDetector, Required: true, Detail: "no C compiler"}},
		Protections:  []result.Protection{{Name: "landlock", Detail: "not in this kernel"}},
		Limits:       []string{"weak memory is not modelled"},
		Measurement: &result.Measurement{
			Workloads: []result.Workload{{Component: result.Cache, Name: "contended", Ratio: 1.1, Warnings: []string{"few samples"}}},
			Probes:    []result.Probe{{Component: result.Cache, Sentence: "L2", Name: "probe/cache", Passed: true}},
			Slowdown:  []result.Slowdown{{Component: result.Cache, Ratio: 1.1, Low: 1, High: 1.2}},
		},
		Explorations: []result.Exploration{{Component: result.Cache, Schedules: 100, Distinct: 60, Strategy: "portfolio"}},
	}
	return map[string]*result.Result{
		"empty": {SchemaVersion: result.SchemaVersion},
		"full":  full,
	}
}
