package counter

import "sync"

type core struct {
	mu sync.Mutex
	n  uint64
}
type Counter struct{ p *core }

func (c *Counter) core() *core { return c.p }

func (c *Counter) Add() {
	c.core().mu.Lock()
	defer c.core().mu.Unlock()
	c.core().n++
}
