package counter

import "sync"

// Ledger is locked by whoever uses it.
type Ledger struct {
	sync.Mutex
	n uint64
}

func (l *Ledger) Count() { l.n++ }

type Counter struct{ ledger Ledger }

func (c *Counter) Add() {
	c.ledger.Lock()
	defer c.ledger.Unlock()
	c.ledger.Count()
}
