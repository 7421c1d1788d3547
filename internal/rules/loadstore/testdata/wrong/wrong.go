package counter

import "sync/atomic"

type totals struct{ total, failed uint64 }

type Counter struct {
	total atomic.Uint64
	all   atomic.Pointer[totals]
	old   int64
}

func (c *Counter) Increment() {
	c.total.Store(c.total.Load() + 1) // want
}

func (c *Counter) Fail() {
	was := c.all.Load()
	now := *was
	now.failed++
	c.all.Store(&now) // want
}

func (c *Counter) Old() {
	n := atomic.LoadInt64(&c.old)
	n++
	atomic.StoreInt64(&c.old, n) // want
}

func (c *Counter) Reset() {
	c.total.Store(0)
	c.all.Store(new(totals))
	atomic.StoreInt64(&c.old, 0)
}
