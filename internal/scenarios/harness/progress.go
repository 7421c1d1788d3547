package harness

import (
	"slices"
	"sync"
	"sync/atomic"

	"racebench/internal/protocol"
)

// slots bounds the clients of one scenario that run at the same time: two that
// shared a counter would be ordered by it.
const slots = 128

// Progress shows what a running scenario has done so far. It is safe to read
// while the scenario runs, and reading it orders none of the scenario's
// goroutines. The zero value is ready. It refers to nothing that belongs to
// the scenario, so that it keeps no stuck component reachable.
type Progress struct {
	slot [slots]struct {
		n atomic.Uint64
		_ [120]byte // keeps neighbours off each other's cache lines
	}

	// advances are signs of life between the ends of operations.
	advances atomic.Uint64

	mu         sync.Mutex
	violations []protocol.Violation
}

// Total is the number of operations that have ended.
func (p *Progress) Total() uint64 { return p.of(slots) }

// Life is a number that grows as long as the scenario gets on: with every operation
// that ends, and with every Advance.
func (p *Progress) Life() uint64 { return p.Total() + p.advances.Load() }

// of is the number of operations that the first n clients have ended, of all
// executions that were given p.
func (p *Progress) of(n int) uint64 {
	var sum uint64
	for i := range p.slot[:min(n, slots)] {
		sum += p.slot[i].n.Load()
	}
	return sum
}

// Violations returns what was found so far: a scenario that hangs after its
// first violation has more to say than that it hangs.
func (p *Progress) Violations() []protocol.Violation {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.violations)
}

func (p *Progress) violated(v protocol.Violation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.violations = append(p.violations, v)
}
