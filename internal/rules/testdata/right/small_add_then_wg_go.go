package p

import "sync"

type P struct {
	begun      sync.WaitGroup
	goroutines sync.WaitGroup
	next       func() func()
}

type errand struct {
	p *P
	f func()
}

func (p *P) Start(f func()) {
	p.begun.Add(1)
	p.goroutines.Go((&errand{p, f}).run)
}

func (e *errand) run() {
	defer e.p.begun.Done()
	e.f()
	if f := e.p.next(); f != nil {
		e.p.begun.Add(1) // for the next, while this one still counts
		e.p.goroutines.Go((&errand{e.p, f}).run)
	}
}

func (p *P) Close() {
	p.begun.Wait()
	p.goroutines.Wait()
}
