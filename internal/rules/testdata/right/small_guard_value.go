package counter

import "sync"

type Counter struct {
	mu sync.Mutex
	n  uint64
}
type guard struct{ c *Counter }

func (c *Counter) acquire() guard { c.mu.Lock(); return guard{c} }
func (g guard) release()          { g.c.mu.Unlock() }

func (c *Counter) Add() {
	g := c.acquire()
	defer g.release()
	c.n++
}
