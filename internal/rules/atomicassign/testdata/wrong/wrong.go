package counter

import "sync/atomic"

type Counter struct{ total uint64 }

func (c *Counter) Increment() {
	c.total = atomic.AddUint64(&c.total, 1) // want
}
