package forcounter

import (
	"fmt"
	"math"
	"time"

	"racebench/internal/counter"
	"racebench/internal/scenarios/harness"
)

// checkRates compares the rates with a snapshot while nothing happens.
func checkRates(t *harness.T, c *counter.Counter, s counter.Stats) {
	rate, average := 0.0, time.Duration(0)
	if s.Total > 0 {
		rate = float64(s.Succeeded) / float64(s.Total)
	}
	if n := s.Succeeded + s.Failed; n > 0 {
		average = s.ProcessingTime / time.Duration(n)
	}
	for _, got := range []float64{c.SuccessRate(), s.SuccessRate()} {
		if !(math.Abs(got-rate) < 1e-9) {
			t.Fail("M5", "SuccessRate is not Succeeded/Total", rate, got)
		}
	}
	for _, got := range []time.Duration{c.AverageProcessingTime(), s.AverageProcessingTime()} {
		if got < average-1 || got > average+1 {
			t.Fail("M5", "AverageProcessingTime is not ProcessingTime/(Succeeded+Failed)", average, got)
		}
	}
}

func counterRates(t *harness.T) {
	const took = 7 * time.Nanosecond
	c := counter.New()
	n, each := t.Clients(1), t.Size(100, 3)
	t.Add(n, func(cl *harness.Client) {
		for range each {
			c.RecordRequest(true, took)
			cl.Step()
		}
	})
	t.Add(1, func(cl *harness.Client) {
		for range each {
			c.Reset()
			cl.Step()
		}
	})
	t.Add(1, func(cl *harness.Client) {
		for range each {
			if r := c.SuccessRate(); r != 0 && !(math.Abs(r-1) < 1e-9) {
				t.Fail("M5", "SuccessRate mixes two moments: all requests succeed", "1, or 0 when there are none", r)
			}
			cl.Step()
		}
	})
	t.Add(1, func(cl *harness.Client) {
		for range each {
			if a := c.AverageProcessingTime(); a != 0 && (a < took-1 || a > took+1) {
				t.Fail("M5", "AverageProcessingTime mixes two moments: all requests take 7 ns", "7ns, or 0s when there are none", a)
			}
			cl.Step()
		}
	})
	t.Run()
}

func counterMixedRates(t *harness.T) {
	const quick, slow = 1000 * time.Nanosecond, 3000 * time.Nanosecond
	c := counter.New()
	n, each := t.Clients(2), t.Size(80, 2)
	// Beforehand there is so much that what the goroutines are in the middle
	// of moves the rates by little.
	const before = 100
	for range before {
		c.RecordRequest(true, quick)
		c.RecordRequest(false, slow)
		c.Increment()
	}
	t.Add(n, func(cl *harness.Client) {
		for range each {
			c.RecordRequest(true, quick)
			c.RecordRequest(false, slow)
			c.Increment()
			cl.Step()
		}
	})
	// With R whole rounds, a goroutine that is between its calls has one
	// success, or one success and one failure, more. So the rate lies between
	// R/3R and (R+n)/(3R+n), and the average at most at the mean of the times.
	slack := float64(n) / before
	t.Add(1, func(cl *harness.Client) {
		for range 2 * each {
			if r := c.SuccessRate(); !(r >= 1./3-1e-9 && r <= (1+slack)/(3+slack)+1e-9) {
				t.Fail("M5", "SuccessRate mixes two moments: one request in three succeeds", "1/3, or a little more", r)
			}
			cl.Step()
		}
	})
	t.Add(1, func(cl *harness.Client) {
		for range 2 * each {
			mean := float64(quick+slow) / 2
			if a := float64(c.AverageProcessingTime()); a < mean*(1-slack)-1 || a > mean+1 {
				t.Fail("M5", "AverageProcessingTime mixes two moments: half of the requests take 1µs, half 3µs", "2µs, or a little less", time.Duration(a))
			}
			cl.Step()
		}
	})
	t.Run()
	checkRates(t, c, c.Stats())
}

// counterRateOrder has one success, which took no time, and after it failures and
// increments alone: each moves the rate down, and the average up or not at all.
func counterRateOrder(t *harness.T) {
	c := counter.New()
	c.RecordRequest(true, 0)
	c.SuccessRate()
	c.AverageProcessingTime()
	n, each := t.Clients(2), t.Size(60, 2)
	// To see a moment and then an earlier one, a reader must be held up between two
	// statements while writers get on, and a writer between two others just then.
	disturbed := !t.Small() && t.Rand.IntN(2) == 0
	if disturbed {
		t.Disturb()
		each = 150
	}
	// look calls all methods that read, and compares each answer with all before.
	type seen struct {
		rate    float64
		average time.Duration
	}
	look := func(last *seen) {
		s := c.Stats()
		for _, rate := range []struct {
			method string
			got    float64
		}{{"Stats().SuccessRate", s.SuccessRate()}, {"SuccessRate", c.SuccessRate()}} {
			if rate.got > last.rate+1e-9 {
				t.Fail("M6", rate.method+" shows an earlier moment than an answer before it: every request lowers the rate",
					fmt.Sprintf("at most %v", last.rate), rate.got)
			}
			last.rate = min(last.rate, rate.got)
		}
		for _, average := range []struct {
			method string
			got    time.Duration
		}{{"Stats().AverageProcessingTime", s.AverageProcessingTime()}, {"AverageProcessingTime", c.AverageProcessingTime()}} {
			if average.got < last.average-1 {
				t.Fail("M6", average.method+" shows an earlier moment than an answer before it: no request lowers the average",
					fmt.Sprintf("at least %v", last.average), average.got)
			}
			last.average = max(last.average, average.got)
		}
	}
	t.Add(n, func(cl *harness.Client) {
		last := seen{rate: 1}
		for i := range each {
			if i%3 == 2 {
				c.Increment()
			} else {
				c.RecordRequest(false, time.Second)
			}
			cl.Step()
			if cl.Rand.IntN(2) == 0 {
				look(&last)
			}
		}
	})
	t.Add(t.Size(2, 1), func(cl *harness.Client) {
		last := seen{rate: 1}
		for i := range each {
			look(&last)
			if disturbed && i%2 == 0 {
				cl.Disturb()
			}
			cl.Step()
		}
	})
	t.Run()
	checkRates(t, c, c.Stats())
}
