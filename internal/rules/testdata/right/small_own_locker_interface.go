package counter

import "sync"

type locker interface {
	Lock()
	Unlock()
}

func with(l locker, f func()) { l.Lock(); defer l.Unlock(); f() }

type Counter struct {
	mu sync.Mutex
	n  uint64
}

func (c *Counter) Add() { with(&c.mu, func() { c.n++ }) }

func (c *Counter) Total() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}
