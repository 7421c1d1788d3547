// Command bench measures racebench's components beside the one-mutex baseline
// and beside public packages that do the same work, all in one run and in turns,
// and prints them as Markdown tables.
//
//	go run . [-rounds n] [-time d] [-only text]
//
// A cell is nanoseconds per operation, of all goroutines together. A ratio is
// the median, over the rounds, of our time divided by theirs in the same round,
// with the quartiles behind it: below 1 we are faster.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 25, "how often everything is measured")
	duration := flags.Duration("time", 4*time.Millisecond, "about how long one measurement takes")
	only := flags.String("only", "", "measure only the workloads whose name contains this")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 || *duration <= 0 {
		return fmt.Errorf("-rounds and -time must be positive")
	}

	fmt.Printf("%s, %s/%s, %d CPUs, %d rounds\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds)
	for _, table := range tables() {
		var rows []row
		for _, w := range table {
			if !strings.Contains(w.name, *only) {
				continue
			}
			for _, goroutines := range []int{1, 2, 4, 16} {
				fmt.Fprintf(os.Stderr, "%s, %d goroutines\n", w.name, goroutines)
				rows = append(rows, measure(w, goroutines, *rounds, *duration))
			}
		}
		if len(rows) > 0 {
			printTable(os.Stdout, rows)
		}
	}
	return nil
}

// tables returns all workloads, those with the same contestants together.
func tables() [][]workload {
	return [][]workload{cacheWorkloads(), counterWorkloads(), poolReadWorkloads(), poolWriteWorkloads()}
}
