package counter

import "sync/atomic"

type Counter struct{ total atomic.Uint64 }

func (c *Counter) Increment() {
	c.total.Add(1)
}
