// counter events: whatever happens to a counter is an event, an object that is applied to the statistics under the one mutex; so are Reset and the look of Stats.
package counter

import (
	"sync"
	"time"
)

// Stats is one consistent view of a counter.
type Stats struct {
	Total, Succeeded, Failed uint64
	ProcessingTime           time.Duration
}

// SuccessRate is Succeeded/Total, 0 when Total is 0.
func (s Stats) SuccessRate() float64 {
	if s.Total == 0 {
		return 0
	}
	return float64(s.Succeeded) / float64(s.Total)
}

// AverageProcessingTime is ProcessingTime/(Succeeded+Failed), 0 when there are
// none.
func (s Stats) AverageProcessingTime() time.Duration {
	n := s.Succeeded + s.Failed
	if n == 0 {
		return 0
	}
	return s.ProcessingTime / time.Duration(n)
}

// Counter counts requests. It must not be copied after first use.
type Counter struct {
	stats Stats
	mu    sync.Mutex
}

// New makes a counter at zero.
func New() *Counter { return &Counter{} }

func (c *Counter) now(e event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.happen(&c.stats)
}

// RecordRequest counts a request with its outcome and its time.
func (c *Counter) RecordRequest(success bool, elapsed time.Duration) {
	c.now(request{success, elapsed})
}

// Increment counts a request without an outcome.
func (c *Counter) Increment() { c.now(arrival{}) }

// SuccessRate is that of one snapshot.
func (c *Counter) SuccessRate() float64 { return c.Stats().SuccessRate() }

// AverageProcessingTime is that of one snapshot.
func (c *Counter) AverageProcessingTime() time.Duration { return c.Stats().AverageProcessingTime() }

// Stats is a snapshot.
func (c *Counter) Stats() Stats {
	var l look
	c.now(&l)
	return l.seen
}

// Reset zeroes everything and returns what it zeroed.
func (c *Counter) Reset() Stats {
	var r restart
	c.now(&r)
	return r.seen
}

// event is something that happens to the statistics in one step.
type event interface{ happen(s *Stats) }

// request is a request that has ended.
type request struct {
	succeeded bool
	took      time.Duration
}

func (r request) happen(s *Stats) {
	outcome := &s.Failed
	if r.succeeded {
		outcome = &s.Succeeded
	}
	*outcome++
	s.Total++
	s.ProcessingTime += max(r.took, 0)
}

// arrival is a request of which nothing else is known.
type arrival struct{}

func (arrival) happen(s *Stats) { s.Total++ }

// look is somebody who looks.
type look struct{ seen Stats }

func (l *look) happen(s *Stats) { l.seen = *s }

// restart is a new beginning.
type restart struct{ look }

func (r *restart) happen(s *Stats) {
	r.look.happen(s)
	*s = Stats{}
}
