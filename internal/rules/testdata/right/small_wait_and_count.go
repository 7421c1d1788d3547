package p

import "sync"

type P struct {
	mu   sync.Mutex
	cond *sync.Cond
	n    int
}

func New() *P {
	p := &P{}
	p.cond = sync.NewCond(&p.mu)
	return p
}

func (p *P) Done() {
	p.mu.Lock()
	p.n--
	p.mu.Unlock()
	p.cond.Broadcast()
}

func (p *P) Add() {
	p.mu.Lock()
	p.n++
	p.mu.Unlock()
}

func (p *P) left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n > 0 {
		p.cond.Wait()
	}
	return p.n
}

func (p *P) Wait() {
	for p.left() > 0 {
	}
}
