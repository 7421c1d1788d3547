package workerpool

import (
	"sync"
	"time"
)

type Pool struct {
	mu      sync.Mutex
	pending int
}

func (p *Pool) Wait() {
	for {
		p.mu.Lock()
		n := p.pending
		p.mu.Unlock()
		if n == 0 {
			return
		}
		time.Sleep(time.Millisecond) // want
	}
}
