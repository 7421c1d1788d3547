package counter

import (
	"sync"
	"sync/atomic"
)

type Counter struct {
	all   sync.RWMutex
	total uint64
}

// Increment lets others in beside it, but not Reset.
func (c *Counter) Increment() {
	c.all.RLock()
	defer c.all.RUnlock()
	atomic.AddUint64(&c.total, 1)
}

func (c *Counter) Reset() uint64 {
	c.all.Lock()
	defer c.all.Unlock()
	was := c.total
	c.total = 0
	return was
}
