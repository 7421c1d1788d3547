package runner

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"racebench/internal/protocol"
	"racebench/internal/result"
	"racebench/internal/runner/stacks"
)

var update = flag.Bool("update", false, "record the dumps that package stacks is tested with")

// classics are the deadlocks whose dumps are recorded.
var classics = []string{"abba", "upgrade", "ring", "missed-signal"}

const fixturesFile = "internal/planted/fixtures.go"

func fixtureSources(t testing.TB) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("testdata/overlay/fixtures.go")
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{fixturesFile: text}
}

// The recorded dumps have to be what a worker sends: with other line numbers
// the pictures would be of something else.
func TestRecordedDumps(t *testing.T) {
	for _, name := range classics {
		t.Run(name, func(t *testing.T) {
			dump := stallOf(t, name)
			file := filepath.Join("stacks/testdata", name+".dump")
			if *update {
				if err := os.WriteFile(file, []byte(dump), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			recorded, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			now, before := judgedPlaces(t, dump), judgedPlaces(t, string(recorded))
			if now != before {
				t.Errorf("the worker is stuck at\n%s\nrecorded is\n%s\nrun with -update, and package stacks' tests, too", now, before)
			}
		})
	}
}

// stallOf runs a fixture until the worker says that nothing moves.
func stallOf(t *testing.T, name string) string {
	t.Helper()
	o := Options{Launcher: launcher(t), Plain: plain(t), stall: 10 * 1e6}.withDefaults()
	p, obs := o.ready(context.Background(), Scenario{Name: name}, o.Plain)
	if p == nil {
		t.Fatal(trouble(*obs))
	}
	defer p.close()
	if _, err := p.send(protocol.Request{Run: &protocol.Run{Scenario: name, Stall: int64(o.stall), Leaks: true}}); err != nil {
		t.Fatal(err)
	}
	for r := range p.replies {
		if r.err != nil {
			t.Fatal(r.err)
		}
		if r.Stall != nil && strings.Contains(r.Stall.Stacks, " (leaked)") {
			return r.Stall.Stacks
		}
	}
	t.Fatal("the worker ended")
	return ""
}

// judgedPlaces are the places in a dump where judged code is stuck, sorted.
func judgedPlaces(t *testing.T, dump string) string {
	t.Helper()
	list, err := stacks.Parse(dump)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range innermost(list) {
		b.WriteString(position(p) + "\n")
	}
	return b.String()
}

func position(p result.Position) string {
	return p.Function
}
