// Package counter counts requests, with totals that belong together. Numbers
// such as M1 name the sentences of docs/contract.md.
//
// A request is recorded by one compare-and-swap on one word, into which small
// totals are packed side by side, so that they cannot be torn apart. Before one
// of them would outgrow its bits, the word is emptied into wide totals, under a
// mutex; that happens once in a few hundred requests. What the counter counted
// is, at every instant, the wide totals plus the word.
package counter

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Counter counts requests, their outcomes and the time that they took.
//
// It is safe for concurrent use (G1), linearizable (M6), and must not be copied
// after first use (G2). No method waits for more than another's emptying of the
// word.
type Counter struct {
	// recent holds what was recorded since the word was last emptied, laid out
	// as the constants below say.
	recent atomic.Uint64

	// changes is raised before and after each change of the wide totals, so it
	// is odd while one is going on: a sequence lock, by which Stats reads them
	// without the mutex. The wide totals are atomic because of these readers.
	changes atomic.Uint64

	succeeded, failed, plain atomic.Uint64 // plain: requests without an outcome
	nanoseconds              atomic.Uint64

	mu sync.Mutex // held by whoever changes the wide totals
}

// The word Counter.recent, from its low bits to its high ones: three counts of
// countBits each and, in the rest, nanoseconds: 40 bits of them are 18 minutes.
const (
	countBits = 8
	countMask = 1<<countBits - 1

	failedShift = 1 * countBits
	plainShift  = 2 * countBits
	timeShift   = 3 * countBits

	oneSucceeded = 1
	oneFailed    = 1 << failedShift
	onePlain     = 1 << plainShift

	// overflow is where the carry out of a count arrives.
	overflow = 1<<failedShift | 1<<plainShift | 1<<timeShift

	maxElapsed = 1<<(64-timeShift) - 1 // nanoseconds that fit beside the counts
)

// Stats is a snapshot of a counter: every field was true at one instant (M3).
type Stats struct {
	Total, Succeeded, Failed uint64
	ProcessingTime           time.Duration
}

// SuccessRate returns Succeeded/Total, and 0 when Total is 0 (M5).
func (s Stats) SuccessRate() float64 {
	if s.Total == 0 {
		return 0
	}
	return float64(s.Succeeded) / float64(s.Total)
}

// AverageProcessingTime returns ProcessingTime/(Succeeded+Failed), and 0 when
// there are none (M5).
func (s Stats) AverageProcessingTime() time.Duration {
	finished := s.Succeeded + s.Failed
	if finished == 0 {
		return 0
	}
	return time.Duration(uint64(s.ProcessingTime) / finished)
}

// New returns a counter with every total 0.
func New() *Counter {
	return &Counter{}
}

// RecordRequest counts one request, its outcome and the time that it took, in
// one step. A negative elapsed counts as 0 (M1).
func (c *Counter) RecordRequest(success bool, elapsed time.Duration) {
	count := uint64(oneFailed)
	if success {
		count = oneSucceeded
	}
	c.record(count, uint64(max(elapsed, 0)))
}

// Increment counts one request without an outcome (M2).
func (c *Counter) Increment() {
	c.record(onePlain, 0)
}

// SuccessRate returns that of one snapshot (M5).
func (c *Counter) SuccessRate() float64 {
	return c.Stats().SuccessRate()
}

// AverageProcessingTime returns that of one snapshot (M5).
func (c *Counter) AverageProcessingTime() time.Duration {
	return c.Stats().AverageProcessingTime()
}

// Stats returns a snapshot (M3). Its instant is the reading of the word: the
// wide totals did not change while they and the word were read.
func (c *Counter) Stats() Stats {
	before := c.changes.Load()
	stats := c.read()
	if before%2 == 0 && c.changes.Load() == before {
		return stats
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read()
}

// Reset zeroes everything and returns what it zeroed, in one step (M4). Its
// instant is the emptying of the word: before, every reader sees all of it, or
// waits for the mutex; after, none of it.
func (c *Counter) Reset() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes.Add(1)
	defer c.changes.Add(1)
	return sum(c.recent.Swap(0),
		c.succeeded.Swap(0), c.failed.Swap(0), c.plain.Swap(0), c.nanoseconds.Swap(0))
}

// record adds one request: count is oneSucceeded, oneFailed or onePlain.
func (c *Counter) record(count, elapsed uint64) {
	if elapsed <= maxElapsed {
		request := count | elapsed<<timeShift
		// A swap fails only when another goroutine's succeeded, so somebody
		// always makes progress, whoever is not running.
		for {
			old := c.recent.Load()
			updated := old + request
			// Without its carries a sum is an exclusive or.
			carries := old ^ request ^ updated
			if carries&overflow != 0 || updated < old {
				break // the word is too full
			}
			if c.recent.CompareAndSwap(old, updated) {
				return
			}
			// Another core is at it. Leaving the word to it for a moment is
			// quicker for both than taking it away at every request.
			runtime.Gosched()
		}
	}
	c.recordWide(count, elapsed)
}

// recordWide empties the word into the wide totals and adds a request to them,
// in one step.
func (c *Counter) recordWide(count, elapsed uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes.Add(1)
	defer c.changes.Add(1)
	word := c.recent.Swap(0)
	c.succeeded.Add(word&countMask + count&countMask)
	c.failed.Add(word>>failedShift&countMask + count>>failedShift&countMask)
	c.plain.Add(word>>plainShift&countMask + count>>plainShift&countMask)
	c.nanoseconds.Add(word>>timeShift + elapsed)
}

// read adds the word to the wide totals. The sum was true at one instant if the
// wide totals do not change meanwhile.
func (c *Counter) read() Stats {
	return sum(c.recent.Load(),
		c.succeeded.Load(), c.failed.Load(), c.plain.Load(), c.nanoseconds.Load())
}

// sum returns what the word and the wide totals hold together.
func sum(word, succeeded, failed, plain, nanoseconds uint64) Stats {
	succeeded += word & countMask
	failed += word >> failedShift & countMask
	plain += word >> plainShift & countMask
	nanoseconds += word >> timeShift
	return Stats{
		Total:          succeeded + failed + plain,
		Succeeded:      succeeded,
		Failed:         failed,
		ProcessingTime: time.Duration(nanoseconds),
	}
}
