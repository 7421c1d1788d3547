package p

import "sync"

type P struct {
	tidy sync.Mutex
	mu   sync.Mutex
	ring []int
}

// Compact gives memory back; if somebody else is doing so there is nothing to do.
func (p *P) Compact() {
	if !p.tidy.TryLock() {
		return
	}
	defer p.tidy.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ring = append([]int(nil), p.ring...)
}
