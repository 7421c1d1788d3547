package counter

import (
	"sync"
	"sync/atomic"
)

type totals struct{ total, failed uint64 }

type Counter struct {
	total atomic.Uint64
	all   atomic.Pointer[totals]
	mu    sync.Mutex
	old   atomic.Int64
}

func (c *Counter) Increment() {
	c.total.Add(1)
}

func (c *Counter) Fail() {
	for {
		was := c.all.Load()
		now := *was
		now.failed++
		if c.all.CompareAndSwap(was, &now) {
			return
		}
	}
}

func (c *Counter) Old() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store(c.old.Load() + 1)
}

// store is called with the lock held; reading goes without.
func (c *Counter) store(n int64) { c.old.Store(max(n, c.old.Load())) }

func (c *Counter) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.old.Store(0)
}
