package p

import "sync"

type slot struct {
	mu sync.Mutex
	n  int
}

type P struct {
	slots []*slot
	vals  []slot
	m     map[string]*slot
}

func (p *P) slot(id int) *slot { return p.slots[id%len(p.slots)] }

func (p *P) A(id int) {
	p.slot(id).mu.Lock()
	defer p.slot(id).mu.Unlock()
	p.slot(id).n++
}

func (p *P) B(id int) {
	p.vals[id%len(p.vals)].mu.Lock()
	defer p.vals[id%len(p.vals)].mu.Unlock()
	p.vals[id%len(p.vals)].n++
}

func (p *P) C(id string) {
	p.m[id].mu.Lock()
	defer p.m[id].mu.Unlock()
	p.m[id].n++
}

func (p *P) D(id int) {
	p.slot(id).mu.Lock()
	p.slot(id).n++
	p.slot(id).mu.Unlock()
}
