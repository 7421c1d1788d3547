package p

import (
	"sync"
	"sync/atomic"
)

type P struct {
	lock interface {
		Lock()
		Unlock()
	}
	n atomic.Int64
}

func New() *P { return &P{lock: new(sync.Mutex)} }

func (p *P) Add() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.n.Store(p.n.Load() + 1)
}

func (p *P) Reset() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.n.Store(0)
}
