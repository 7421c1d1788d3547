package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestWorkloads measures every workload for a moment: every contestant does its
// work, and every row has a cell for it.
func TestWorkloads(t *testing.T) {
	for _, workloads := range tables() {
		for _, w := range workloads {
			t.Run(w.name, func(t *testing.T) {
				var table bytes.Buffer
				printTable(&table, []row{measure(w, 3, 2, 100*time.Microsecond)})
				lines := strings.Split(strings.TrimSpace(table.String()), "\n")
				if len(lines) != 3 {
					t.Fatalf("%d lines, want header, rule and row:\n%s", len(lines), &table)
				}
				for _, c := range w.peers {
					if !strings.Contains(lines[0], "| "+c.name+" |") {
						t.Errorf("no column for %s in %s", c.name, lines[0])
					}
				}
				if header, cells := strings.Count(lines[0], "|"), strings.Count(lines[2], "|"); header != cells {
					t.Errorf("%d columns, %d cells", header-1, cells-1)
				}
			})
		}
	}
}

// TestTable compares a table with what it has to say: our time as a part of
// theirs, and what the faster peer gives up.
func TestTable(t *testing.T) {
	w := workload{
		name:  "work",
		ours:  contestant{name: "ours"},
		plain: contestant{name: "one mutex"},
		peers: []contestant{{name: "quick", givesUp: "order"}, {name: "slow", givesUp: "speed"}},
	}
	r := row{
		workload: w, goroutines: 4,
		nanosecs: []float64{10, 20, 5, 40},
		ratios:   [][]float64{{1, 1, 1}, {0.4, 0.5, 0.6}, {2, 2, 2}, {0.25, 0.25, 0.25}},
	}
	var table bytes.Buffer
	printTable(&table, []row{r})
	want := "| work | 4 | 10 | 20 | 0.50 (0.45 to 0.55) | 5 | 40 | 2.00 (2.00 to 2.00) | quick: order |"
	if lines := strings.Split(strings.TrimSpace(table.String()), "\n"); lines[2] != want {
		t.Errorf("the row is\n%s, want\n%s", lines[2], want)
	}
}
