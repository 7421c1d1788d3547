package p

import "sync"

type P struct {
	mu sync.Mutex
	n  int
}

type guard struct{ p *P }

func (g guard) release() { g.p.mu.Unlock() }

func (p *P) Add() {
	p.mu.Lock()
	g := guard{p}
	defer g.release()
	p.n++
}
