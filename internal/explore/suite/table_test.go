package suite

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"racebench/internal/explore/engine"
)

var tableFile = flag.String("table", "", "TestStrategies writes its table, in Markdown, to this file")

// patience is how many schedules a strategy gets for a bug in the comparison.
const patience = 5000

// TestStrategies measures how many schedules each strategy needs to show each
// bug. It fails only where the portfolio, which is the default, has lost a bug
// of a small depth.
func TestStrategies(t *testing.T) {
	if !slow {
		t.Skip("needs the build tag slow")
	}
	mixes := [][]engine.Strategy{{{Kind: engine.Random}}, {{Kind: engine.PCT, Depth: 3}}, {{Kind: engine.POS}}, {{Kind: engine.Sticky, Stay: 7}}, portfolio}
	var b strings.Builder
	b.WriteString("| bug | evidence | d |")
	for _, m := range mixes {
		fmt.Fprintf(&b, " %s |", what(m))
	}
	b.WriteString("\n|---|---|--:|" + strings.Repeat("--:|", len(mixes)) + "\n")
	medians := make([][]int, len(mixes))
	missed := make([]int, len(mixes))
	for _, bug := range catalogue {
		tg := build(t, bugs, "./fail", bug.race)
		fmt.Fprintf(&b, "| %s | %s | %d |", strings.TrimPrefix(bug.name, "Test"), bug.want, bug.depth)
		for i, m := range mixes {
			var firsts []int
			misses := 0
			for _, seed := range seeds() {
				h := tg.search(t, bug.name, showing(bug.want), m, seed, patience)
				if h.first == 0 {
					misses++
					h.first = patience + 1
				}
				firsts = append(firsts, h.first)
			}
			slices.Sort(firsts)
			cell := number(quantile(firsts, 0.5)) + " / " + number(quantile(firsts, 0.9))
			if misses > 0 {
				cell += fmt.Sprintf(" (%d missed)", misses)
				missed[i]++
			}
			fmt.Fprintf(&b, " %s |", cell)
			medians[i] = append(medians[i], quantile(firsts, 0.5))
			if misses > 0 && bug.depth <= 2 && len(m) > 1 {
				t.Errorf("%s: missed with %d seeds", bug.name, misses)
			}
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "| **all %d: 90th percentile of the medians** | | |", len(catalogue))
	for _, m := range medians {
		slices.Sort(m)
		fmt.Fprintf(&b, " %s |", number(quantile(m, 0.9)))
	}
	b.WriteString("\n| **bugs missed with at least one seed** | | |")
	for _, n := range missed {
		fmt.Fprintf(&b, " %d |", n)
	}
	b.WriteByte('\n')
	t.Log("\n" + b.String())
	if *tableFile != "" {
		if err := os.WriteFile(*tableFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// quantile returns the smallest element of a sorted list that at least the
// share q of it does not exceed.
func quantile(sorted []int, q float64) int {
	i := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[max(0, min(i, len(sorted)-1))]
}

func number(n int) string {
	if n > patience {
		return fmt.Sprintf("> %d", patience)
	}
	return fmt.Sprint(n)
}
