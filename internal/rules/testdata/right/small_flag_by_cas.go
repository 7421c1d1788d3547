package p

import "sync/atomic"

type P struct {
	closed atomic.Bool
	done   chan struct{}
}

// first reports whether the caller is the first one.
func (p *P) first() bool {
	for {
		if p.closed.Load() {
			return false
		}
		if p.closed.CompareAndSwap(false, true) {
			return true
		}
	}
}

func (p *P) Close() {
	if p.first() {
		close(p.done)
	}
	<-p.done
}
