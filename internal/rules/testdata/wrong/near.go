// What lies next to the right snippets and is wrong.
package workerpool

import (
	"sync"
	"sync/atomic"
)

type W struct {
	mu   sync.Mutex
	cond *sync.Cond
	q    []int
	busy int
	n    atomic.Int64
	m    map[string]int
}

func (p *W) take() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.q) == 0 {
		p.cond.Wait() // want RB1013
	}
	t := p.q[0]
	p.q = p.q[1:]
	return t
}
func (p *W) Start() {
	go func() {
		for i := 0; i < 9; i++ {
			p.take()
		}
	}()
}
func (p *W) Wait() {
	p.mu.Lock()
	if p.busy > 0 {
		p.cond.Wait() // want RB1013
	}
	p.mu.Unlock()
}
func (p *W) waitIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy > 0 {
		p.cond.Wait()
	}
}
func (p *W) Wait2()   { p.waitIdle() }              // want RB1013
func (p *W) Inc()     { p.n.Store(p.n.Load() + 1) } // want RB1011
func (p *W) Dec()     { p.n.Store(p.n.Load() - 1) } // want RB1011
func (p *W) self() *W { return p }
func (p *W) Re() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.self().mu.Lock() // want RB1007
}
func (p *W) Spin() {
	for {
		p.mu.Lock() // want RB2002
		if p.busy == 0 {
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
	}
}
func (p *W) Bare() { p.m["a"]++ } // want RB1001
func (p *W) G1()   { p.mu.Lock(); p.m["a"]++; p.mu.Unlock() }
func (p *W) G2()   { p.mu.Lock(); p.m["a"]++; p.mu.Unlock() }
