// Package counter counts requests, with totals that belong together. Numbers
// such as M1 name the sentences of docs/contract.md.
//
// This is the textbook fix: one mutex guards everything.
package counter

import (
	"sync"
	"time"
)

// Counter counts requests, their outcomes and the time that they took.
//
// It is safe for concurrent use (G1), linearizable (M6), and must not be copied
// after first use (G2).
type Counter struct {
	mu    sync.Mutex
	stats Stats // guarded by mu
}

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
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Total++
	if success {
		c.stats.Succeeded++
	} else {
		c.stats.Failed++
	}
	c.stats.ProcessingTime += max(elapsed, 0)
}

// Increment counts one request without an outcome (M2).
func (c *Counter) Increment() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Total++
}

// SuccessRate returns that of one snapshot (M5).
func (c *Counter) SuccessRate() float64 {
	return c.Stats().SuccessRate()
}

// AverageProcessingTime returns that of one snapshot (M5).
func (c *Counter) AverageProcessingTime() time.Duration {
	return c.Stats().AverageProcessingTime()
}

// Stats returns a snapshot (M3).
func (c *Counter) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Reset zeroes everything and returns what it zeroed, in one step (M4).
func (c *Counter) Reset() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	zeroed := c.stats
	c.stats = Stats{}
	return zeroed
}
