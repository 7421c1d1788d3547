package cli

import (
	"os"

	"racebench/internal/candidate/apart"
	"racebench/internal/judge"
	"racebench/internal/runner/isolate"
	"racebench/internal/scenarios"
	"racebench/internal/worker"
)

// runHidden is what racebench starts itself for: the launcher that isolates a
// worker and becomes it, the examination of a candidate, and the worker of the
// built-in components on a machine without a Go toolchain. They come before
// anything else is looked at.
func runHidden(args []string) (code int, ok bool) {
	if len(args) < 2 {
		return 0, false
	}
	switch args[1] {
	case isolate.Arg:
		return isolate.Main(args[2:]), true
	case apart.Arg:
		return apart.Main(os.Stdin, os.Stdout, os.Stderr), true
	case judge.WorkerArg:
		return worker.Main(scenarios.Suite()), true
	}
	return 0, false
}
