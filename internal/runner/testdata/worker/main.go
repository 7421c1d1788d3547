// Command worker is a worker as the build step generates it, with more
// misbehaviour on offer: the tests build it with an overlay.
package main

import (
	"os"

	"racebench/internal/scenarios"
	"racebench/internal/worker"
)

func main() { os.Exit(worker.Main(scenarios.Suite())) }
