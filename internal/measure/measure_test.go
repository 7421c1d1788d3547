package measure_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"racebench/internal/measure"
	"racebench/internal/protocol"
	"racebench/internal/result"
)

var borders = []float64{1.5, 2, 3, 10}

// workloads of all components, k for each.
func workloads(k int) []measure.Workload {
	var all []measure.Workload
	for _, component := range result.Components() {
		for i := range k {
			all = append(all, measure.Workload{
				Name: fmt.Sprintf("%s/%d", component, i), Component: component, Goroutines: 1 << i,
			})
		}
	}
	return all
}

// machine is the time that passes for all benchers on it. It gets slower and
// faster in spells, which hit whoever is running.
type machine struct {
	rand    *rand.Rand
	elapsed time.Duration
	spell   time.Duration // until when the machine is disturbed
	speed   float64
	warmed  map[*bencher]bool
}

func newMachine(seed uint64) *machine {
	return &machine{rand: rand.New(rand.NewPCG(seed, 1)), speed: 1, warmed: map[*bencher]bool{}}
}

// bencher is one side on a noisy machine.
type bencher struct {
	*machine
	perOperation time.Duration
	// noise is the standard deviation of a time's logarithm.
	noise float64
	// outliers is the share of times that are longer by a factor of 2 to 10.
	outliers float64
	calls    int
	last     protocol.Bench
	before   func(calls int) error
}

func (b *bencher) Bench(_ context.Context, request protocol.Bench) (time.Duration, error) {
	b.calls++
	b.last = request
	if b.before != nil {
		if err := b.before(b.calls); err != nil {
			return 0, err
		}
	}
	if b.elapsed > b.spell { // a new spell, of a fifth to two seconds
		b.speed = 1 + b.rand.Float64()
		b.spell = b.elapsed + time.Duration((0.2+1.8*b.rand.Float64())*float64(time.Second))
	}
	factor := math.Exp(b.noise*b.rand.NormFloat64()) * b.speed
	if b.rand.Float64() < b.outliers {
		factor *= 2 + 8*b.rand.Float64()
	}
	if !b.warmed[b] { // page faults, a cold cache
		b.warmed[b] = true
		factor *= 5
	}
	took := 100*time.Microsecond + time.Duration(factor*float64(request.Operations)*float64(b.perOperation))
	b.elapsed += took
	return took, nil
}

// compare measures a candidate that takes ratio times as long as the baseline.
func compare(t *testing.T, seed uint64, ratio, noise, outliers float64) (m *result.Measurement, machine *machine) {
	t.Helper()
	machine = newMachine(seed)
	const perOperation = 1200 * time.Nanosecond
	baseline := &bencher{machine: machine, perOperation: perOperation, noise: noise, outliers: outliers}
	candidate := &bencher{
		machine: machine, perOperation: time.Duration(ratio * float64(perOperation)), noise: noise, outliers: outliers,
	}
	m, err := measure.Compare(t.Context(), candidate, baseline,
		measure.Options{Workloads: workloads(5), Spin: 100, Seed: seed, Borders: borders})
	if err != nil {
		t.Fatal(err)
	}
	return m, machine
}

// band is the index of the band that counts: the better one of an interval.
func band(s result.Slowdown) int {
	for i, border := range borders {
		if s.Low <= border {
			return i
		}
	}
	return len(borders)
}

// TestBands measures candidates of known slowdown on machines whose times
// scatter by 15 % with 5 % outliers of 2 to 10 times. The seeds are fixed, so
// that the counts are, too.
func TestBands(t *testing.T) {
	const machines = 1000
	for _, test := range []struct {
		ratio float64
		band  int
		// wrong is how many of the 3000 slowdowns may land in a neighbouring
		// band: none where the true one is far from a border.
		wrong int
	}{
		{ratio: 0.5, band: 0},
		{ratio: 1, band: 0},
		{ratio: 1.4, band: 0, wrong: 3},
		{ratio: 1.75, band: 1, wrong: 3},
		{ratio: 2.5, band: 2},
		{ratio: 5, band: 3},
		{ratio: 30, band: 4},
		{ratio: 3000, band: 4},
	} {
		t.Run(fmt.Sprint(test.ratio), func(t *testing.T) {
			wrong, warned := 0, 0
			var longest, total time.Duration
			for seed := range uint64(machines) {
				m, machine := compare(t, seed, test.ratio, 0.15, 0.05)
				for _, s := range m.Slowdown {
					if got := band(s); got != test.band {
						wrong++
					}
					if len(s.Warnings) > 0 {
						warned++
					}
				}
				longest = max(longest, machine.elapsed)
				total += machine.elapsed
			}
			t.Logf("%d of %d in another band, %d straddling, mean time %v, longest %v",
				wrong, 3*machines, warned, (total / machines).Round(time.Millisecond), longest.Round(time.Millisecond))
			if wrong > test.wrong {
				t.Errorf("%d of %d slowdowns in another band than %d, allowed are %d", wrong, 3*machines, test.band, test.wrong)
			}
		})
	}
}

// TestStraddling: a slowdown at a border is measured as long as is allowed, the
// result says so, and everything in it can be written as JSON.
func TestStraddling(t *testing.T) {
	m, _ := compare(t, 1, 1.5, 0.3, 0.05)
	for _, s := range m.Slowdown {
		if s.Low > 1.5 || s.High <= 1.5 {
			t.Errorf("%s: interval %.3f to %.3f does not hold the true slowdown, 1.5", s.Component, s.Low, s.High)
		}
		if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "border of 1.5; the better band counts") {
			t.Errorf("%s: warnings %q", s.Component, s.Warnings)
		}
	}
	for _, w := range m.Workloads {
		if w.Pairs != 24 {
			t.Errorf("%s: %d pairs, want all that are allowed", w.Name, w.Pairs)
		}
		if w.Low > w.Ratio || w.Ratio > w.High || w.Confidence < 0.95 {
			t.Errorf("%s: ratio %.3f, interval %.3f to %.3f at %.3f", w.Name, w.Ratio, w.Low, w.High, w.Confidence)
		}
	}
	if m.Assumption == "" {
		t.Error("the assumption behind the intervals is not stated")
	}
	if _, err := json.Marshal(m); err != nil {
		t.Error(err)
	}
}

// TestInterval: the interval of a slowdown holds the true one at least as often
// as it says. An interval of exactly 95 % would miss it 150 times in 3000, with a
// standard deviation of 12.
func TestInterval(t *testing.T) {
	missed := 0
	for seed := range uint64(1000) {
		m, _ := compare(t, seed, 1, 0.1, 0.05)
		for _, s := range m.Slowdown {
			if s.Low > 1 || s.High < 1 {
				missed++
			}
		}
	}
	if missed > 150 {
		t.Errorf("%d of 3000 intervals miss the true slowdown", missed)
	}
}

// TestGeometricMean uses a machine without noise, where one workload of two is
// four times slower.
func TestGeometricMean(t *testing.T) {
	b := func(perOperation func(workload string) time.Duration) measure.Bencher {
		return benchFunc(func(_ context.Context, r protocol.Bench) (time.Duration, error) {
			return time.Duration(r.Operations) * perOperation(r.Workload), nil
		})
	}
	slow := b(func(workload string) time.Duration {
		if workload == "cache/1" {
			return 4 * time.Microsecond
		}
		return time.Microsecond
	})
	even := b(func(string) time.Duration { return time.Microsecond })
	m, err := measure.Compare(t.Context(), slow, even, measure.Options{Workloads: workloads(2), Borders: borders})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range m.Slowdown {
		want := 1.0
		if s.Component == result.Cache {
			want = 2
		}
		for _, got := range []float64{s.Ratio, s.Low, s.High} {
			if math.Abs(got-want) > 1e-9 {
				t.Errorf("%s: %.4f (%.4f to %.4f), want %.4f", s.Component, s.Ratio, s.Low, s.High, want)
			}
		}
	}
	if got, want := len(m.Workloads), 6; got != want {
		t.Errorf("%d rows, want %d", got, want)
	}
}

// TestTurns looks at who was asked for what, in which order.
func TestTurns(t *testing.T) {
	type call struct {
		side    string
		request protocol.Bench
	}
	var calls []call
	side := func(name string) measure.Bencher {
		return benchFunc(func(_ context.Context, r protocol.Bench) (time.Duration, error) {
			calls = append(calls, call{name, r})
			return time.Duration(r.Operations) * time.Microsecond, nil
		})
	}
	_, err := measure.Compare(t.Context(), side("candidate"), side("baseline"),
		measure.Options{Workloads: workloads(2), Spin: 7, Seed: 42, Borders: borders})
	if err != nil {
		t.Fatal(err)
	}
	first := map[string][]string{}
	for i := 0; i < len(calls); i += 2 {
		a, b := calls[i], calls[i+1]
		if a.side == b.side || a.request != b.request {
			t.Fatalf("not a pair: %+v, %+v", a, b)
		}
		if a.request.Spin != 7 {
			t.Fatalf("spin is %d, want 7", a.request.Spin)
		}
		first[a.request.Workload] = append(first[a.request.Workload], a.side)
	}
	for workload, sides := range first {
		for i := range sides[1:] {
			if sides[i] == sides[i+1] {
				t.Errorf("%s: the %s went first in two pairs running", workload, sides[i])
			}
		}
	}
}

// TestAnOutrightSlowCandidate: one that takes ten milliseconds for each
// operation is not asked for many.
func TestAnOutrightSlowCandidate(t *testing.T) {
	machine := newMachine(1)
	baseline := &bencher{machine: machine, perOperation: time.Microsecond}
	candidate := &bencher{machine: machine, perOperation: 10 * time.Millisecond}
	m, err := measure.Compare(t.Context(), candidate, baseline,
		measure.Options{Workloads: workloads(5), Borders: borders})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range m.Slowdown {
		if s.Low <= 10 {
			t.Errorf("%s: %.1f (%.1f to %.1f), want more than 10", s.Component, s.Ratio, s.Low, s.High)
		}
	}
	if candidate.last.Operations > 16 {
		t.Errorf("it was asked for %d operations at a time", candidate.last.Operations)
	}
}

func TestErrors(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, test := range []struct {
		side, want string
	}{
		{measure.CandidateSide, "cache/0: measuring the candidate: broken pipe"},
		{measure.BaselineSide, "cache/0: measuring the baseline: broken pipe"},
	} {
		t.Run(test.side, func(t *testing.T) {
			machine := newMachine(1)
			sides := map[string]*bencher{
				measure.CandidateSide: {machine: machine, perOperation: time.Microsecond},
				measure.BaselineSide:  {machine: machine, perOperation: time.Microsecond},
			}
			sides[test.side].before = func(calls int) error {
				if calls == 5 {
					return broken
				}
				return nil
			}
			_, err := measure.Compare(t.Context(), sides[measure.CandidateSide], sides[measure.BaselineSide],
				measure.Options{Workloads: workloads(1)[:1], Borders: borders})
			var failed *measure.Error
			if !errors.As(err, &failed) || failed.Side != test.side || !errors.Is(err, broken) || err.Error() != test.want {
				t.Errorf("Compare = %v, want %s", err, test.want)
			}
		})
	}
}

func TestAnImpossibleTimeIsAnError(t *testing.T) {
	zero := benchFunc(func(context.Context, protocol.Bench) (time.Duration, error) { return 0, nil })
	_, err := measure.Compare(t.Context(), zero, zero, measure.Options{Workloads: workloads(1)})
	var failed *measure.Error
	if !errors.As(err, &failed) {
		t.Errorf("Compare = %v, want an *Error", err)
	}
}

// TestCancel ends the context in the middle of a call, which then fails: that
// failure is nobody's.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	b := benchFunc(func(ctx context.Context, r protocol.Bench) (time.Duration, error) {
		if calls++; calls == 25 {
			cancel()
			return 0, errors.New("killed")
		}
		return time.Duration(r.Operations) * time.Microsecond, ctx.Err()
	})
	m, err := measure.Compare(ctx, b, b, measure.Options{Workloads: workloads(5), Borders: borders})
	if m != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("Compare = %v, %v; want context.Canceled", m, err)
	}
	var failed *measure.Error
	if errors.As(err, &failed) {
		t.Errorf("an interruption was blamed on the %s", failed.Side)
	}
	if calls != 25 {
		t.Errorf("%d calls, want none after the 25th", calls)
	}
}

func TestNoWorkloads(t *testing.T) {
	m, err := measure.Compare(t.Context(), nil, nil, measure.Options{Borders: borders})
	if err != nil || len(m.Slowdown) != 0 || len(m.Workloads) != 0 {
		t.Errorf("Compare = %+v, %v", m, err)
	}
}

// TestCalibrate uses a fake clock, and a spin of 3 ns a round that is disturbed
// most of the time.
func TestCalibrate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		spin := func(rounds int) {
			time.Sleep(time.Duration(3 * rounds))
			if calls++; calls%25 != 0 {
				time.Sleep(time.Duration(calls%7) * time.Microsecond)
			}
		}
		if got := measure.Calibrate(spin); got != 333 {
			t.Errorf("Calibrate = %d rounds, want 333", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		if got := measure.Calibrate(func(rounds int) { time.Sleep(time.Duration(rounds) * time.Second) }); got != 1 {
			t.Errorf("Calibrate of a slow spin = %d rounds, want 1", got)
		}
	})
}

// benchFunc makes a function a Bencher.
type benchFunc func(context.Context, protocol.Bench) (time.Duration, error)

func (f benchFunc) Bench(ctx context.Context, b protocol.Bench) (time.Duration, error) {
	return f(ctx, b)
}
