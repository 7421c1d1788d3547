package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// workload is one kind of work, and those who are to do it.
type workload struct {
	name  string // "cache, read-heavy"
	ours  contestant
	plain contestant // the one-mutex baseline
	peers []contestant
}

// contestant is one implementation.
type contestant struct {
	name    string
	givesUp string // what it does not promise and ours does
	start   func(goroutines int) session
}

// session is a contestant at work: a fresh instance, or several.
type session struct {
	work   func(goroutine, operations int) // called once by each goroutine
	finish func()                          // ends what work left undone; nil for nothing
	stop   func()                          // releases the instance, off the clock; nil for nothing
}

// row is what was measured of one workload with one number of goroutines.
type row struct {
	workload   workload
	goroutines int
	nanosecs   []float64 // median time of an operation: ours, plain, peers
	ratios     [][]float64
}

// contestants returns all of them: ours, plain, peers.
func (w workload) contestants() []contestant {
	return append([]contestant{w.ours, w.plain}, w.peers...)
}

// measure runs all contestants in turns, a different one first in each round.
func measure(w workload, goroutines, rounds int, duration time.Duration) row {
	all := w.contestants()
	operations := calibrate(w.plain, goroutines, duration)
	times := make([][]float64, len(all))
	for i := range times {
		times[i] = make([]float64, rounds)
	}
	for round := range rounds {
		for turn := range all {
			i := (round + turn) % len(all)
			times[i][round] = float64(once(all[i], goroutines, operations)) / float64(operations)
		}
	}
	r := row{workload: w, goroutines: goroutines}
	for i := range all {
		r.nanosecs = append(r.nanosecs, quantile(times[i], 0.5))
		ratios := make([]float64, rounds)
		for round := range rounds {
			ratios[round] = times[0][round] / times[i][round]
		}
		r.ratios = append(r.ratios, ratios)
	}
	return r
}

// calibrate returns the number of operations, a multiple of goroutines, for
// which a contestant takes about as long as duration.
func calibrate(c contestant, goroutines int, duration time.Duration) int {
	for each := 64; ; each *= 2 {
		elapsed := once(c, goroutines, each*goroutines)
		if elapsed > duration/4 {
			scaled := float64(each) * float64(duration) / float64(elapsed)
			return goroutines * max(int(scaled), 1)
		}
	}
}

// once returns how long a contestant takes.
func once(c contestant, goroutines, operations int) time.Duration {
	s := c.start(goroutines)
	if s.stop != nil {
		defer s.stop()
	}
	runtime.GC()
	begin := make(chan struct{})
	var ready, done sync.WaitGroup
	ready.Add(goroutines)
	for g := range goroutines {
		done.Go(func() {
			ready.Done()
			<-begin
			s.work(g, operations/goroutines)
		})
	}
	ready.Wait()
	start := time.Now()
	close(begin)
	done.Wait()
	if s.finish != nil {
		s.finish()
	}
	return time.Since(start)
}

// quantile returns the q-quantile of values, interpolated.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(math.Floor(at))
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

// printTable prints rows with the same contestants.
func printTable(w io.Writer, rows []row) {
	header := []string{"workload", "goroutines", "ours", "one mutex", "ours / one mutex"}
	for _, peer := range rows[0].workload.peers {
		header = append(header, peer.name)
	}
	header = append(header, "ours / best peer", "what a faster peer gives up")
	fmt.Fprintln(w)
	printLine(w, header)
	printLine(w, slices.Repeat([]string{"---"}, len(header)))
	for _, r := range rows {
		cells := []string{
			r.workload.name, fmt.Sprint(r.goroutines),
			nanoseconds(r.nanosecs[0]), nanoseconds(r.nanosecs[1]), ratio(r.ratios[1]),
		}
		best := 2
		var givesUp []string
		for i := 2; i < len(r.nanosecs); i++ {
			cells = append(cells, nanoseconds(r.nanosecs[i]))
			if r.nanosecs[i] < r.nanosecs[best] {
				best = i
			}
			if peer := r.workload.peers[i-2]; quantile(r.ratios[i], 0.5) > 1 {
				givesUp = append(givesUp, peer.name+": "+peer.givesUp)
			}
		}
		if best < len(r.nanosecs) {
			cells = append(cells, ratio(r.ratios[best]))
		} else {
			cells = append(cells, "")
		}
		printLine(w, append(cells, strings.Join(givesUp, "; ")))
	}
}

func printLine(w io.Writer, cells []string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}

func nanoseconds(ns float64) string { return fmt.Sprintf("%.0f", ns) }

func ratio(ratios []float64) string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75))
}
