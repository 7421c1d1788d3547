// Command hunt runs scenarios on wrong components. It is built by
// mutants_test.go over the textbook fix with switches in it: the variable
// Mutant, which the right components do not have, chooses what is wrong.
//
// Arguments come in pairs: a mutant and a scenario. For each, a line on stdout
// says after how many executions the scenario found something.
package main

import (
	"fmt"
	"os"
	"strings"

	"racebench/internal/cache"
	"racebench/internal/counter"
	"racebench/internal/history"
	"racebench/internal/model"
	"racebench/internal/scenarios"
	"racebench/internal/scenarios/harness"
	"racebench/internal/workerpool"
)

// tries is how often a scenario may miss.
const tries = 100

func main() {
	for i := 1; i+1 < len(os.Args); i += 2 {
		mutant, name := os.Args[i], os.Args[i+1]
		cache.Mutant, counter.Mutant, workerpool.Mutant = mutant, mutant, mutant
		if w, ok := scenarios.FindWorkload(name); ok {
			fmt.Println(mutant, name, work(w))
			continue
		}
		s, ok := scenarios.Find(name)
		if !ok {
			fmt.Println(mutant, name, "no such scenario")
			continue
		}
		fmt.Println(mutant, name, hunt(s))
	}
}

func work(w harness.Workload) string {
	for try := range uint64(tries) {
		if _, check := w.Execute(20_000, try, 1); check != nil {
			if v := check(); v != nil {
				return fmt.Sprintf("found after %d: %s: %s", try+1, v.Kind, v.Contract)
			}
		}
	}
	return "missed"
}

func hunt(s harness.Scenario) string {
	for try := range uint64(tries) {
		out := harness.Execute(s, harness.Config{Seed: try})
		for _, v := range out.Violations {
			return fmt.Sprintf("found after %d: %s: %s", try+1, v.Kind, v.Contract)
		}
		for _, h := range out.Histories {
			if strings.HasPrefix(s.Name, "gate/") {
				if d, err := history.Replay(h); d != nil || err != nil {
					return fmt.Sprintf("found after %d: %v", try+1, d)
				}
				continue
			}
			if ok, decided := model.Linearizable(h, 1e6); decided && !ok {
				return fmt.Sprintf("found after %d: a history", try+1)
			}
		}
	}
	return "missed"
}
