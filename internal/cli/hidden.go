package cli

import (
	"racebench/internal/judge"
	"racebench/internal/runner/isolate"
	"racebench/internal/scenarios"
	"racebench/internal/worker"
)

// runHidden is what racebench starts itself for: the launcher that isolates a
// worker and becomes it, and the worker of the built-in components on a machine
// without a Go toolchain. Both come before anything else is looked at.
func runHidden(args []string) (code int, ok bool) {
	if len(args) < 2 {
		return 0, false
	}
	switch args[1] {
	case isolate.Arg:
		return isolate.Main(args[2:]), true
	case judge.WorkerArg:
		return worker.Main(scenarios.Suite()), true
	}
	return 0, false
}
