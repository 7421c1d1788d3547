package p

import "sync"

type P struct {
	mu sync.Mutex
	n  int
}

type guard struct{ mu *sync.Mutex }

func hold(mu *sync.Mutex) *guard {
	mu.Lock()
	return &guard{mu}
}

func (g *guard) release() { g.mu.Unlock() }

func (p *P) N() int {
	g := hold(&p.mu)
	defer g.release()
	return p.n
}

func (p *P) Add() {
	g := hold(&p.mu)
	p.n++
	g.release()
}
