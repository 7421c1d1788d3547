package p

import "errors"

var errStop = errors.New("stop")

type P struct{ tasks chan func() }

func (p *P) Start() { go p.work() }

func (p *P) work() {
	defer func() {
		if r := recover(); r != errStop {
			panic(r)
		}
	}()
	for {
		p.mustTake()()
	}
}

func (p *P) mustTake() func() {
	f, ok := <-p.tasks
	if !ok {
		panic(errStop)
	}
	return f
}

func (p *P) Close() { close(p.tasks) }
