package counter

import (
	"sync"
	"sync/atomic"
)

type Counter struct {
	total atomic.Uint64
	max   atomic.Uint64
}

func (c *Counter) Record(n uint64) {
	c.total.Add(n)
	for {
		was := c.max.Load()
		if n <= was || c.max.CompareAndSwap(was, n) {
			return
		}
	}
}

type epoch struct {
	mu   sync.Mutex
	over bool
}

type Epochs struct{ now atomic.Pointer[epoch] }

func (e *Epochs) enter() *epoch {
	for {
		found := e.now.Load()
		found.mu.Lock()
		if !found.over {
			return found
		}
		found.mu.Unlock()
	}
}
