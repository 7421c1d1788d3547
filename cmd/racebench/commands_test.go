package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// exitCode runs a command and asks for its exit code: exitcode N COMMAND...
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\n%s\n%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// jsonField compares a field of a JSON file, named by a path of keys and
// indices with dots between: json FILE PATH VALUE.
func jsonField(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: json FILE PATH VALUE")
	}
	if got := fmt.Sprint(fieldOf(ts, args[0], args[1])); (got == args[2]) == neg {
		ts.Fatalf("%s is %q, want %q (negated: %v)", args[1], got, args[2], neg)
	}
}

// jsonSame checks that two JSON files agree in a field: jsonsame FILE FILE PATH.
func jsonSame(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: jsonsame FILE FILE PATH")
	}
	a, b := fieldOf(ts, args[0], args[2]), fieldOf(ts, args[1], args[2])
	if reflect.DeepEqual(a, b) == neg {
		ts.Fatalf("%s is\n%v in %s and\n%v in %s (negated: %v)", args[2], a, args[0], b, args[1], neg)
	}
}

// fieldOf is what a JSON file holds at a path such as findings.0.kind.
func fieldOf(ts *testscript.TestScript, file, path string) any {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &v))
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			ts.Check(err)
			if i >= len(x) {
				ts.Fatalf("%s: no element %d of %d", path, i, len(x))
			}
			v = x[i]
		default:
			ts.Fatalf("%s: %v has no %q", path, v, key)
		}
	}
	return v
}
