package counter

import (
	"sync"
	"sync/atomic"
)

type Counter struct {
	mu    sync.Mutex
	total uint64
	fails uint64
}

func (c *Counter) Increment() {
	atomic.AddUint64(&c.total, 1)
}

func (c *Counter) Fail() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++ // want
	atomic.AddUint64(&c.fails, 1)
}

func (c *Counter) Fails() uint64 {
	return c.fails // want
}
