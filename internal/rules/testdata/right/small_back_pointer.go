package counter

import "sync"

type journal struct{ of *Counter }

func (j *journal) open() { j.of.mu.Lock() }

type Counter struct {
	mu      sync.Mutex
	n       uint64
	journal journal
}

func New() *Counter { c := &Counter{}; c.journal.of = c; return c }

func (c *Counter) Add() {
	c.journal.open()
	defer c.mu.Unlock()
	c.n++
}
