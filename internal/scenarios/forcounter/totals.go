package forcounter

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"racebench/internal/counter"
	"racebench/internal/scenarios/harness"
)

// plus adds snapshots field by field.
func plus(a, b counter.Stats) counter.Stats {
	return counter.Stats{
		Total: a.Total + b.Total, Succeeded: a.Succeeded + b.Succeeded, Failed: a.Failed + b.Failed,
		ProcessingTime: a.ProcessingTime + b.ProcessingTime,
	}
}

// totals reports a violation unless a snapshot is what was expected. If nothing
// in it is too much and something too little, updates were lost.
func totals(t *harness.T, contract, message string, want, got counter.Stats) {
	if got == want {
		return
	}
	t.Report(*harness.Differs(contract, message, want, got, lacks(want, got)))
}

// lacks reports whether nothing in got is more than what was wanted.
func lacks(want, got counter.Stats) bool {
	return got.Total <= want.Total && got.Succeeded <= want.Succeeded && got.Failed <= want.Failed &&
		got.ProcessingTime <= want.ProcessingTime
}

func counterExactTotals(t *harness.T) {
	c := counter.New()
	var want counter.Stats
	each := t.Size(160, 4)
	for id := range t.Clients(3) {
		elapsed := time.Duration(id + 1)
		var mine counter.Stats
		for i := range each {
			mine.Total++
			switch i % 5 {
			case 0, 1:
				mine.Succeeded++
				mine.ProcessingTime += elapsed
			case 2:
				mine.Failed++
				mine.ProcessingTime += elapsed
			case 3:
				mine.Failed++
			}
		}
		want = plus(want, mine)
		t.Add(1, func(cl *harness.Client) {
			for i := range each {
				switch i % 5 {
				case 0, 1:
					c.RecordRequest(true, elapsed)
				case 2:
					c.RecordRequest(false, elapsed)
				case 3:
					c.RecordRequest(false, -elapsed) // counts as no time
				default:
					c.Increment()
				}
				cl.Step()
			}
		})
	}
	t.Run()
	t.Linger() // nothing is forgotten, however long ago it was
	totals(t, "M1", "the totals are not the sums of what was recorded", want, c.Stats())
	totals(t, "M4", "Reset does not return the totals", want, c.Reset())
	harness.Equal(t, "M4", "something is left after Reset", counter.Stats{}, c.Stats())
	harness.Equal(t, "M5", "SuccessRate of an empty counter", 0, c.SuccessRate())
	harness.Equal(t, "M5", "AverageProcessingTime of an empty counter", 0, c.AverageProcessingTime())
}

// counterIncrements makes no pause between operations: the window of an atomic
// load followed by a store is a few instructions wide, with no statement
// between.
func counterIncrements(t *harness.T) {
	each := t.Size(400, 3)
	for range t.Size(2, 1) {
		c := counter.New()
		n := t.Clients(2)
		t.Add(n, func(cl *harness.Client) {
			for range each {
				c.Increment()
			}
			cl.Step()
		})
		t.Run()
		totals(t, "M2", "increments were lost", counter.Stats{Total: uint64(n * each)}, c.Reset())
		t.Add(n, func(cl *harness.Client) {
			for range each {
				c.RecordRequest(true, 1)
			}
			cl.Step()
		})
		t.Run()
		m := uint64(n * each)
		totals(t, "M1", "records were lost",
			counter.Stats{Total: m, Succeeded: m, ProcessingTime: time.Duration(m)}, c.Stats())
		t.Add(n, func(cl *harness.Client) {
			for range each {
				c.RecordRequest(false, 1)
			}
			cl.Step()
		})
		t.Run()
		totals(t, "M1", "records were lost",
			counter.Stats{Total: 2 * m, Succeeded: m, Failed: m, ProcessingTime: time.Duration(2 * m)}, c.Stats())
	}
}

// pace is how long successes and failures take where a snapshot is checked.
type pace struct{ success, failure time.Duration }

// drawPace draws one: sometimes of minutes, for which a part of a word is too small.
func drawPace(t *harness.T) pace {
	if !t.Small() && t.Rand.IntN(4) == 0 {
		return pace{3 * time.Minute, 5 * time.Minute}
	}
	return pace{3 * time.Nanosecond, 5 * time.Nanosecond}
}

func (p pace) record(c *counter.Counter, success bool) {
	if success {
		c.RecordRequest(true, p.success)
	} else {
		c.RecordRequest(false, p.failure)
	}
}

// check checks a snapshot of a counter that record alone changes.
func (p pace) check(t *harness.T, contract, what string, s counter.Stats) {
	took := time.Duration(s.Succeeded)*p.success + time.Duration(s.Failed)*p.failure
	want := counter.Stats{Total: s.Succeeded + s.Failed, Succeeded: s.Succeeded, Failed: s.Failed, ProcessingTime: took}
	harness.Equal(t, contract, what+" mixes two moments", want, s)
}

// warm records so much, at times, that whoever treats a counter otherwise that is
// used a lot does so from now on.
func (p pace) warm(t *harness.T, c *counter.Counter) {
	if !t.Small() && t.Rand.IntN(10) == 0 {
		t.Quietly(func() {
			for i := range 70_000 {
				p.record(c, i%2 == 0)
			}
		})
	}
}

func counterSnapshot(t *harness.T) {
	p := drawPace(t)
	c := counter.New()
	p.warm(t, c)
	before := c.Stats().Total
	n, each := t.Clients(2), t.Size(100, 3)
	if !t.Small() {
		switch t.Rand.IntN(6) {
		case 0:
			n = 100 // more than there are slots for
		case 1:
			t.Lockstep()
			n = 100
		case 2:
			t.Lockstep()
			each = 800 // so that who reads is disturbed hundreds of times
		}
	}
	t.Add(n, func(cl *harness.Client) {
		for range each {
			p.record(c, cl.Rand.IntN(2) == 0)
			cl.Step()
		}
	})
	t.Add(t.Size(2, 1), func(cl *harness.Client) {
		var last counter.Stats
		for range each {
			s := c.Stats()
			p.check(t, "M3", "a snapshot", s)
			if s.Succeeded < last.Succeeded || s.Failed < last.Failed {
				t.Fail("M3", "a later snapshot shows fewer requests", last, s)
			}
			last = s
			cl.Step()
		}
	})
	t.Run()
	s := c.Stats()
	p.check(t, "M3", "the last snapshot", s)
	harness.Total(t, "M1", "the total is not the number of requests", before+uint64(n*each), s.Total)
	checkRates(t, c, s)
}

func counterIncrementSnapshot(t *harness.T) {
	p := drawPace(t)
	c := counter.New()
	p.warm(t, c)
	c.Reset()
	n, each := t.Clients(2), t.Size(100, 3)
	t.Add(n, func(cl *harness.Client) {
		for i := range each {
			c.Increment()
			cl.Step()
			p.record(c, i%2 == 0)
			cl.Step()
		}
	})
	t.Add(t.Size(2, 1), func(cl *harness.Client) {
		for range each {
			s := c.Stats()
			recorded := s.Succeeded + s.Failed
			// Each goroutine has at most one increment without its record.
			if ahead := int64(s.Total - 2*recorded); ahead < 0 || ahead > int64(n) {
				t.Fail("M3", "a snapshot mixes two moments: each goroutine increments, then records, in turns",
					"0 <= Total - 2*(Succeeded+Failed) <= number of goroutines", s)
			}
			cl.Step()
		}
	})
	t.Run()
	harness.Total(t, "M2", "the total is not the number of requests", uint64(2*n*each), c.Stats().Total)
}

func counterConservation(t *harness.T) {
	p := drawPace(t)
	c := counter.New()
	n, each := t.Clients(2), t.Size(100, 3)
	want := make([]counter.Stats, n)
	for id := range n {
		t.Add(1, func(cl *harness.Client) {
			for range each {
				success := cl.Rand.IntN(2) == 0
				p.record(c, success)
				want[id].Total++
				if success {
					want[id].Succeeded++
					want[id].ProcessingTime += p.success
				} else {
					want[id].Failed++
					want[id].ProcessingTime += p.failure
				}
				cl.Step()
			}
		})
	}
	returned := make([]counter.Stats, t.Size(2, 1))
	for id := range returned {
		t.Add(1, func(cl *harness.Client) {
			for range each / 2 {
				s := c.Reset()
				p.check(t, "M4", "what Reset returned", s)
				returned[id] = plus(returned[id], s)
				cl.Step()
			}
		})
	}
	t.Add(1, func(cl *harness.Client) {
		for range each / 2 {
			p.check(t, "M4", "a snapshot beside Reset", c.Stats())
			cl.Step()
		}
	})
	t.Run()
	all, sum := counter.Stats{}, c.Stats()
	for _, s := range want {
		all = plus(all, s)
	}
	for _, s := range returned {
		sum = plus(sum, s)
	}
	totals(t, "M4", "what Resets returned plus the last Stats is not what was recorded", all, sum)
}

// counterPrefix lets goroutines record one sort of request and another in turns.
// What is returned by all Resets so far was recorded before the last of them, so
// it has of each goroutine as many of the second sort as of the first, or one
// less.
func counterPrefix(t *harness.T) {
	p := drawPace(t)
	sorts := []struct {
		name   string
		record func(*counter.Counter)
		number func(counter.Stats) uint64
	}{
		{"successes", func(c *counter.Counter) { c.RecordRequest(true, p.success) }, func(s counter.Stats) uint64 { return s.Succeeded }},
		{"failures", func(c *counter.Counter) { c.RecordRequest(false, p.failure) }, func(s counter.Stats) uint64 { return s.Failed }},
		{"increments", (*counter.Counter).Increment, func(s counter.Stats) uint64 { return s.Total - s.Succeeded - s.Failed }},
	}
	t.Rand.Shuffle(len(sorts), func(i, j int) { sorts[i], sorts[j] = sorts[j], sorts[i] })
	for round := range t.Size(3, 1) {
		first, second := sorts[round], sorts[(round+1)%len(sorts)]
		c := counter.New()
		p.warm(t, c)
		c.Reset()
		n, each := 1+t.Rand.IntN(t.Clients(2)), t.Size(75, 3)
		t.Add(n, func(cl *harness.Client) {
			for range each {
				first.record(c)
				second.record(c)
				cl.Step()
			}
		})
		t.Add(1, func(cl *harness.Client) {
			var sum counter.Stats
			for range each {
				sum = plus(sum, c.Reset())
				if ahead := int64(first.number(sum) - second.number(sum)); ahead < 0 || ahead > int64(n) {
					t.Fail("M4", fmt.Sprintf("what Resets returned mixes moments: of each goroutine, %s and %s come in turns", first.name, second.name),
						fmt.Sprintf("between 0 and %d more %s than %s", n, first.name, second.name), sum)
				}
				cl.Step()
			}
		})
		t.Run()
		if t.GaveUp() {
			return
		}
	}
}

// counterMemory records requests and asks how much memory is held afterwards,
// and makes counters and asks whether they are still there.
func counterMemory(t *harness.T) {
	c := counter.New()
	harness.Grows(t, "Counter", func(i int) {
		c.RecordRequest(i%2 == 0, time.Duration(i))
		c.Increment()
		switch i % 8 {
		case 0:
			c.Stats()
		case 1:
			c.SuccessRate()
		case 2:
			c.AverageProcessingTime()
		}
	})
	harness.Grows(t, "Counter", func(i int) {
		c.RecordRequest(true, 1)
		c.Reset()
	})
	runtime.KeepAlive(c)
	unseen(t)
	var counters []func() bool
	for range harness.Copies {
		one := counter.New()
		one.RecordRequest(true, 1)
		one.Reset()
		counters = append(counters, harness.Reachable(one))
		t.Step()
	}
	harness.Forgotten(t, counters)
}

// unseen lets goroutines who are in each other's way record, and nobody looks: what
// one of them puts aside because another is there has to be taken up by somebody.
func unseen(t *harness.T) {
	const crowd, each, few = 4, 4000, 256 << 10
	if t.Small() || t.Rand.IntN(5) > 0 {
		return
	}
	c := counter.New()
	t.Lockstep()
	before := harness.InUse()
	t.Add(crowd, func(cl *harness.Client) {
		for range each {
			c.RecordRequest(true, 1)
		}
		cl.Step()
	})
	t.Run()
	if after := harness.InUse(); after > before+few {
		t.Fail("G4", fmt.Sprintf("bytes in use after %d requests by goroutines at once", crowd*each), fmt.Sprintf("about %d, as before", before), after)
	}
	runtime.KeepAlive(c)
}

func counterResetOnce(t *harness.T) {
	p := drawPace(t)
	c := counter.New()
	for round := range t.Size(12, 1) {
		var all counter.Stats
		for i := range 5 + round {
			success := i%2 == 0
			p.record(c, success)
			all.Total++
			if success {
				all.Succeeded++
				all.ProcessingTime += p.success
			} else {
				all.Failed++
				all.ProcessingTime += p.failure
			}
		}
		returned := make([]counter.Stats, t.Clients(2))
		for id := range returned {
			t.Add(1, func(cl *harness.Client) {
				returned[id] = c.Reset()
				cl.Step()
			})
		}
		t.Run()
		if t.GaveUp() {
			return
		}
		for _, s := range returned {
			if s != all && s != (counter.Stats{}) {
				t.Fail("M4", "one of several Resets returned a part", all, s)
			}
		}
		var sum counter.Stats
		for _, s := range returned {
			sum = plus(sum, s)
		}
		totals(t, "M4", "several Resets returned more or less than was recorded", all, sum)
		harness.Equal(t, "M4", "something is left after Reset", counter.Stats{}, c.Stats())
	}
}

func counterOwnRecords(t *harness.T) {
	c := counter.New()
	each := t.Size(80, 3)
	n := t.Clients(3)
	t.Add(n, func(cl *harness.Client) {
		base := c.Stats()
		for i := range uint64(each) {
			success := cl.Rand.IntN(2) == 0
			c.RecordRequest(success, -time.Second)
			s := c.Stats()
			if s.Total < base.Total+1 || success && s.Succeeded < base.Succeeded+1 || !success && s.Failed < base.Failed+1 {
				t.Fail("M6", "a request that was recorded is not in the next snapshot", base, s)
			}
			if s.Total < i+1 || s.ProcessingTime != 0 {
				t.Fail("M1", "a snapshot lacks the goroutine's own requests, or counts negative times",
					counter.Stats{Total: i + 1}, s)
			}
			harness.Equal(t, "M3", "with RecordRequest alone in use, Total is not Succeeded+Failed", s.Succeeded+s.Failed, s.Total)
			base = s
			cl.Step()
		}
	})
	t.Run()
	harness.Total(t, "M1", "the total is not the number of requests", uint64(n*each), c.Stats().Total)
}

// counterOneWriter lets one goroutine alone change a counter that others look
// at. Whatever they do, every answer it gets is that of its own calls.
func counterOneWriter(t *harness.T) {
	p := drawPace(t)
	c := counter.New()
	each := t.Size(200, 6)
	var done atomic.Bool
	t.Add(1, func(cl *harness.Client) {
		defer done.Store(true)
		var want counter.Stats
		for range each {
			switch cl.Rand.IntN(3) {
			case 0:
				c.Increment()
				want.Total++
			case 1:
				c.RecordRequest(true, p.success)
				want = plus(want, counter.Stats{Total: 1, Succeeded: 1, ProcessingTime: p.success})
			default:
				c.RecordRequest(false, p.failure)
				want = plus(want, counter.Stats{Total: 1, Failed: 1, ProcessingTime: p.failure})
			}
			switch cl.Rand.IntN(4) {
			case 0:
				totals(t, "M6", "Stats differs from what the only goroutine that records has recorded", want, c.Stats())
			case 1:
				totals(t, "M4", "Reset differs from what the only goroutine that records has recorded", want, c.Reset())
				want = counter.Stats{}
			case 2:
				checkRates(t, c, want)
			}
			cl.Step()
		}
		totals(t, "M4", "Reset differs from what the only goroutine that records has recorded", want, c.Reset())
	})
	t.Add(t.Clients(1), func(cl *harness.Client) {
		for range 4 * each {
			if done.Load() {
				return
			}
			p.checkWithout(t, c.Stats())
			c.SuccessRate()
			cl.Step()
		}
	})
	t.Run()
}

// checkWithout checks a snapshot of a counter that record and Increment change.
func (p pace) checkWithout(t *harness.T, s counter.Stats) {
	s.Total = min(s.Total, s.Succeeded+s.Failed)
	p.check(t, "M3", "a snapshot, increments aside,", s)
}

func counterMany(t *harness.T) {
	rounds := t.Size(12, 1)
	for range rounds {
		counters := []*counter.Counter{counter.New(), counter.New(), counter.New()}
		n := t.Clients(2)
		t.Add(n, func(cl *harness.Client) {
			for i := range 3 * len(counters) {
				which := i % len(counters)
				counters[which].RecordRequest(which == 0, time.Duration(which))
				cl.Step()
			}
		})
		t.Run()
		for which, c := range counters {
			m := uint64(3 * n)
			want := counter.Stats{Total: m, ProcessingTime: time.Duration(m) * time.Duration(which)}
			if which == 0 {
				want.Succeeded = m
			} else {
				want.Failed = m
			}
			// Resetting one leaves the others alone.
			totals(t, "M1", "one of several counters does not have exactly its own requests", want, c.Reset())
		}
	}
}
