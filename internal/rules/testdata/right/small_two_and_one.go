package counter

import "sync"

func with[L interface {
	Lock()
	Unlock()
}](l L, f func()) {
	l.Lock()
	defer l.Unlock()
	f()
}

// Counter writes n under both locks, and reads it under either.
type Counter struct {
	mu, stats sync.Mutex
	n         uint64
}

func (c *Counter) Add()      { with(&c.mu, func() { c.stats.Lock(); defer c.stats.Unlock(); c.n++ }) }
func (c *Counter) A() uint64 { c.mu.Lock(); defer c.mu.Unlock(); return c.n }
func (c *Counter) B() uint64 { c.stats.Lock(); defer c.stats.Unlock(); return c.n }
