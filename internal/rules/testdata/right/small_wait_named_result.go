package p

import "sync"

type job struct {
	f    func()
	slot int
}

type P struct {
	mu     sync.Mutex
	cond   *sync.Cond
	tasks  []func()
	closed bool
}

func New() *P {
	p := &P{}
	p.cond = sync.NewCond(&p.mu)
	go p.work()
	return p
}

func (p *P) step() (j job, again, stop bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.tasks) == 0 && !p.closed {
		p.cond.Wait()
		return j, true, false
	}
	if len(p.tasks) == 0 {
		return j, false, true
	}
	j.f = p.tasks[0]
	p.tasks = p.tasks[1:]
	return j, false, false
}

func (p *P) work() {
	for {
		j, again, stop := p.step()
		if again {
			continue
		}
		if stop {
			return
		}
		j.f()
	}
}
