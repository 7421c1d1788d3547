package p

import "sync"

type locker interface {
	Lock()
	Unlock()
}

func under(l locker, f func()) {
	l.Lock()
	defer l.Unlock()
	f()
}

type P struct {
	mu   sync.RWMutex
	cond *sync.Cond
	n    int
}

func New() *P {
	p := &P{}
	p.cond = sync.NewCond(&p.mu)
	return p
}

func (p *P) Add() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	p.cond.Broadcast()
}

func (p *P) N() (n int) {
	under(p.mu.RLocker(), func() { n = p.n })
	return n
}

func (p *P) Wait() {
	under(&p.mu, func() {
		for p.n == 0 {
			p.cond.Wait()
		}
	})
}
