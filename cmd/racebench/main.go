// Racebench proves a concurrency fix, or breaks it. See README.md.
package main

import (
	"os"

	"racebench/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args, cli.OS())) }
