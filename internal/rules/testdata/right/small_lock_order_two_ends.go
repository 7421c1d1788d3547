package p

import "sync"

type lane struct {
	mu    sync.Mutex
	items []int
}

// Locks are taken in the order in.mu, mu, out.mu.
type P struct {
	in  *lane
	mu  sync.Mutex
	n   int
	out *lane
}

func New() *P { return &P{in: &lane{}, out: &lane{}} }

func (p *P) Move() {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n += len(p.in.items)
}

func (p *P) Results() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	return append([]int(nil), p.out.items...)
}
