package counter

import (
	"runtime"
	"sync"
	"sync/atomic"
)

type Counter struct {
	busy  atomic.Bool
	total uint64
	mu    sync.Mutex
	queue []int
}

func (c *Counter) Increment() {
	for !c.busy.CompareAndSwap(false, true) { // want
		runtime.Gosched()
	}
	c.total++
	c.busy.Store(false)
}

func (c *Counter) Wait() {
	for c.busy.Load() { // want
	}
}

func (c *Counter) WaitForQueue() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) == 0 {
		c.mu.Unlock() // want
		c.mu.Lock()
	}
}
