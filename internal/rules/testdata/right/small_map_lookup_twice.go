package counter

import "sync"

type Counter struct {
	locks map[string]*sync.Mutex
	total uint64
}

func (c *Counter) Add() {
	c.locks["total"].Lock()
	defer c.locks["total"].Unlock()
	c.total++
}
