package p

import "sync"

type P struct {
	mu   sync.Mutex
	cond *sync.Cond
	gen  int
	n    int
}

func New() *P {
	p := &P{}
	p.cond = sync.NewCond(&p.mu)
	return p
}

func (p *P) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n--
	p.gen++
	p.cond.Broadcast()
}

func (p *P) look() (gen, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gen, p.n
}

func (p *P) pause(gen int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gen == gen {
		p.cond.Wait()
	}
}

func (p *P) Wait() {
	for {
		gen, n := p.look()
		if n == 0 {
			return
		}
		p.pause(gen)
	}
}
