package counter

import "sync"

type scope interface{ leave() }
type held struct{ mu *sync.Mutex }

func (h held) leave() { h.mu.Unlock() }

type Counter struct {
	mu sync.Mutex
	n  uint64
}

func (c *Counter) enter() scope { c.mu.Lock(); return held{&c.mu} }

func (c *Counter) Add() {
	defer c.enter().leave()
	c.n++
}
