package contracttest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"
)

// CounterStats is what counter.Stats has to look like.
type CounterStats interface {
	~struct {
		Total, Succeeded, Failed uint64
		ProcessingTime           time.Duration
	}
	SuccessRate() float64
	AverageProcessingTime() time.Duration
}

// Counter is what *counter.Counter has to look like.
type Counter[S CounterStats] interface {
	RecordRequest(success bool, elapsed time.Duration)
	Increment()
	SuccessRate() float64
	AverageProcessingTime() time.Duration
	Stats() S
	Reset() S
}

// counterStats is the counter's sequential model.
type counterStats struct {
	Total, Succeeded, Failed uint64
	ProcessingTime           time.Duration
}

func (s counterStats) record(success bool, elapsed time.Duration) counterStats {
	s.Total++
	if success {
		s.Succeeded++
	} else {
		s.Failed++
	}
	s.ProcessingTime += max(elapsed, 0)
	return s
}

func (s counterStats) plus(other counterStats) counterStats {
	return counterStats{
		s.Total + other.Total, s.Succeeded + other.Succeeded, s.Failed + other.Failed,
		s.ProcessingTime + other.ProcessingTime,
	}
}

func (s counterStats) successRate() float64 {
	if s.Total == 0 {
		return 0
	}
	return float64(s.Succeeded) / float64(s.Total)
}

func (s counterStats) average() time.Duration {
	if s.Succeeded+s.Failed == 0 {
		return 0
	}
	return s.ProcessingTime / time.Duration(s.Succeeded+s.Failed)
}

// TestCounter tests an implementation of the counter.
func TestCounter[S CounterStats](t *testing.T, newCounter func() Counter[S]) {
	s := counterSuite[S]{newCounter}
	t.Run("Model", s.model)
	t.Run("M1NegativeIsZero", s.negative)
	t.Run("M1ExactTotals", s.exactTotals)
	t.Run("M1LargeElapsed", s.largeElapsed)
	t.Run("M3Snapshot", s.snapshot)
	t.Run("M4Conservation", s.conservation)
	t.Run("M5Empty", s.empty)
	t.Run("M5OneSnapshot", s.oneSnapshot)
	t.Run("M6Linearizable", s.linearizable)
}

type counterSuite[S CounterStats] struct {
	newCounter func() Counter[S]
}

// model compares random calls with the model. Runs of calls are long, so that
// totals outgrow whatever an implementation packs them into.
func (s counterSuite[S]) model(t *testing.T) {
	FixSeed(t)
	rapid.Check(t, func(t *rapid.T) {
		c := s.newCounter()
		var want counterStats
		elapsed := rapid.OneOf(
			rapid.Int64Range(-5, 5),
			rapid.Int64Range(0, int64(time.Second)),
			rapid.Int64Range(1<<40-3, 1<<40+3),
			rapid.Int64Range(0, 1<<50),
		)
		t.Repeat(map[string]func(*rapid.T){
			"RecordRequest": func(t *rapid.T) {
				success := rapid.Bool().Draw(t, "success")
				elapsed := time.Duration(elapsed.Draw(t, "elapsed"))
				for range rapid.SampledFrom([]int{1, 2, 254, 255, 256, 257}).Draw(t, "times") {
					c.RecordRequest(success, elapsed)
					want = want.record(success, elapsed)
				}
			},
			"Increment": func(t *rapid.T) {
				for range rapid.SampledFrom([]int{1, 2, 254, 255, 256, 257}).Draw(t, "times") {
					c.Increment()
					want.Total++
				}
			},
			"Reset": func(t *rapid.T) {
				if got := counterStats(c.Reset()); got != want {
					t.Fatalf("Reset() = %+v, want %+v", got, want)
				}
				want = counterStats{}
			},
			"": func(t *rapid.T) {
				got := c.Stats()
				if counterStats(got) != want {
					t.Fatalf("Stats() = %+v, want %+v", got, want)
				}
				if got.SuccessRate() != want.successRate() || c.SuccessRate() != want.successRate() {
					t.Fatalf("SuccessRate() = %v and %v, want %v", got.SuccessRate(), c.SuccessRate(), want.successRate())
				}
				if got.AverageProcessingTime() != want.average() || c.AverageProcessingTime() != want.average() {
					t.Fatalf("AverageProcessingTime() = %v and %v, want %v",
						got.AverageProcessingTime(), c.AverageProcessingTime(), want.average())
				}
			},
		})
	})
}

func (s counterSuite[S]) negative(t *testing.T) {
	c := s.newCounter()
	c.RecordRequest(true, 5)
	c.RecordRequest(false, -7)
	c.RecordRequest(true, math.MinInt64)
	if got, want := counterStats(c.Stats()), (counterStats{3, 2, 1, 5}); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
}

func (s counterSuite[S]) largeElapsed(t *testing.T) {
	c := s.newCounter()
	c.RecordRequest(true, math.MaxInt64-1)
	c.RecordRequest(false, 1)
	if got, want := counterStats(c.Stats()), (counterStats{2, 1, 1, math.MaxInt64}); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
}

func (s counterSuite[S]) empty(t *testing.T) {
	c := s.newCounter()
	if c.SuccessRate() != 0 || c.AverageProcessingTime() != 0 {
		t.Errorf("rates of nothing are %v and %v, want 0 and 0", c.SuccessRate(), c.AverageProcessingTime())
	}
	c.Increment()
	if c.SuccessRate() != 0 || c.AverageProcessingTime() != 0 {
		t.Errorf("rates of no outcome are %v and %v, want 0 and 0", c.SuccessRate(), c.AverageProcessingTime())
	}
}

func (s counterSuite[S]) exactTotals(t *testing.T) {
	const goroutines, each = 8, 3000
	c := s.newCounter()
	var done sync.WaitGroup
	for g := range goroutines {
		done.Go(func() {
			for i := range each {
				switch i % 3 {
				case 0:
					c.Increment()
				case 1:
					c.RecordRequest(true, time.Duration(g))
				case 2:
					c.RecordRequest(false, 1<<40) // more than a short word holds
				}
			}
		})
	}
	done.Wait()
	want := counterStats{
		goroutines * each, goroutines * each / 3, goroutines * each / 3,
		goroutines*each/3<<40 + each/3*goroutines*(goroutines-1)/2,
	}
	if got := counterStats(c.Stats()); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
}

// hammer records requests on 4 goroutines, each a success of one unit or a
// failure of three, while observe is called again and again. It returns when
// both have ended. Units are such that totals stay small, or that most requests
// outgrow what a word can hold.
func (s counterSuite[S]) hammer(t *testing.T, each int, observe func(t *testing.T, c Counter[S], unit time.Duration), end func(*testing.T, Counter[S], time.Duration)) {
	for _, unit := range []time.Duration{1, 1 << 38} {
		t.Run(fmt.Sprint("unit=", int64(unit)), func(t *testing.T) {
			c := s.newCounter()
			var done sync.WaitGroup
			for g := range 4 {
				done.Go(func() {
					for i := range each {
						if (g+i)%2 == 0 {
							c.RecordRequest(true, unit)
						} else {
							c.RecordRequest(false, 3*unit)
						}
					}
				})
			}
			for range each {
				observe(t, c, unit)
			}
			done.Wait()
			end(t, c, unit)
		})
	}
}

// checkJoint checks that the totals of hammer's requests belong together.
func checkJoint(t *testing.T, got counterStats, unit time.Duration) {
	t.Helper()
	if got.Succeeded+got.Failed != got.Total ||
		got.ProcessingTime != unit*time.Duration(got.Succeeded+3*got.Failed) {
		t.Errorf("torn: %+v", got)
	}
}

func (s counterSuite[S]) snapshot(t *testing.T) {
	var last counterStats
	s.hammer(t, 5000, func(t *testing.T, c Counter[S], unit time.Duration) {
		got := counterStats(c.Stats())
		checkJoint(t, got, unit)
		if got.Succeeded < last.Succeeded || got.Failed < last.Failed {
			t.Errorf("%+v was followed by %+v", last, got)
		}
		last = got
	}, func(t *testing.T, _ Counter[S], _ time.Duration) {
		last = counterStats{}
	})
}

func (s counterSuite[S]) conservation(t *testing.T) {
	const each = 5000
	var sum counterStats
	s.hammer(t, each, func(t *testing.T, c Counter[S], unit time.Duration) {
		got := counterStats(c.Reset())
		checkJoint(t, got, unit)
		sum = sum.plus(got)
	}, func(t *testing.T, c Counter[S], unit time.Duration) {
		sum = sum.plus(counterStats(c.Stats()))
		if want := (counterStats{4 * each, 2 * each, 2 * each, 8 * each * unit}); sum != want {
			t.Errorf("all Resets and the last Stats are %+v, want %+v", sum, want)
		}
		sum = counterStats{}
	})
}

// oneSnapshot resets while the rates are read: requests are successes of 7 ns
// and nothing else, so that a rate made of two snapshots is another.
func (s counterSuite[S]) oneSnapshot(t *testing.T) {
	c := s.newCounter()
	var done sync.WaitGroup
	for range 2 {
		done.Go(func() {
			for i := range 5000 {
				c.RecordRequest(true, 7)
				if i%16 == 0 {
					c.Reset()
				}
			}
		})
	}
	for range 5000 {
		if rate := c.SuccessRate(); rate != 0 && rate != 1 {
			t.Errorf("SuccessRate() = %v, want 0 or 1", rate)
		}
		if average := c.AverageProcessingTime(); average != 0 && average != 7 {
			t.Errorf("AverageProcessingTime() = %d, want 0 or 7", average)
		}
	}
	done.Wait()
}

// counterInput is one call: "record", "increment", "stats" or "reset".
type counterInput struct {
	call    string
	success bool
	elapsed time.Duration
}

func (s counterSuite[S]) linearizable(t *testing.T) {
	model := porcupine.Model{
		Init: func() any { return counterStats{} },
		Step: func(state, input, output any) (bool, any) {
			stats, in := state.(counterStats), input.(counterInput)
			switch in.call {
			case "record":
				return true, stats.record(in.success, in.elapsed)
			case "increment":
				stats.Total++
				return true, stats
			case "stats":
				return output == stats, stats
			default:
				return output == stats, counterStats{}
			}
		},
	}
	var c Counter[S]
	// The times are such that some do not fit into a word beside the counts, and
	// that two of some outgrow it.
	begin := func() { c = s.newCounter() }
	checkLinearizable(t, model, begin, func(r *rand.Rand, log *recorder) {
		in := counterInput{call: []string{"record", "record", "increment", "stats", "reset"}[r.IntN(5)]}
		in.success = r.IntN(2) == 0
		in.elapsed = []time.Duration{1, 1 << 10, 1 << 39, 1 << 41}[r.IntN(4)]
		var output any
		call := log.now()
		switch in.call {
		case "record":
			c.RecordRequest(in.success, in.elapsed)
		case "increment":
			c.Increment()
		case "stats":
			output = counterStats(c.Stats())
		case "reset":
			output = counterStats(c.Reset())
		}
		log.add(call, in, output)
	})
}
