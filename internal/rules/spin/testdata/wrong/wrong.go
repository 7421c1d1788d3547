package counter

import (
	"runtime"
	"sync/atomic"
)

type Counter struct {
	busy  atomic.Bool
	total uint64
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
