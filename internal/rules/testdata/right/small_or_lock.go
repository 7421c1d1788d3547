package counter

import (
	"runtime"
	"sync/atomic"
)

type Counter struct {
	flags atomic.Uint32
	n     atomic.Uint64
}

func (c *Counter) enter() {
	for c.flags.Or(1)&1 != 0 {
		runtime.Gosched()
	}
}
func (c *Counter) leave() { c.flags.And(^uint32(1)) }

func (c *Counter) Add() {
	c.enter()
	defer c.leave()
	c.n.Store(c.n.Load() + 1)
}

func (c *Counter) Reset() {
	c.enter()
	defer c.leave()
	c.n.Store(0)
}
