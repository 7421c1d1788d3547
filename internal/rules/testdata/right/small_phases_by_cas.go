package p

import "sync/atomic"

const (
	running int32 = iota
	closing
	closed
)

type P struct {
	phase atomic.Int32
	done  chan struct{}
}

func (p *P) Close() {
	for {
		switch p.phase.Load() {
		case running:
			if p.phase.CompareAndSwap(running, closing) {
				close(p.done)
				return
			}
		default:
			<-p.done
			return
		}
	}
}
