package counter

import "sync/atomic"

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
