package counter

import (
	"runtime"
	"sync"
	"sync/atomic"
)

type Counter struct {
	busy  atomic.Bool
	total uint64
	mu    sync.Mutex
	queue []int

	begun, ended atomic.Int64
}

func (c *Counter) Increment() {
	for !c.busy.CompareAndSwap(false, true) { // want
		runtime.Gosched()
	}
	c.total++
	c.busy.Store(false)
}

func (c *Counter) Wait() {
	for c.busy.Load() { // want
	}
}

func (c *Counter) WaitForQueue() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) == 0 {
		c.mu.Unlock() // want
		c.mu.Lock()
	}
}

// Pool's worker yields, and waits for somebody who need not come.
type Pool struct {
	reserved, published, taken atomic.Int64
	pending                    atomic.Int64
	closed                     atomic.Bool
	tasks                      [64]func()
}

func New() *Pool {
	p := &Pool{}
	go p.work()
	return p
}

func (p *Pool) Submit(task func()) {
	p.pending.Add(1)
	i := p.reserved.Add(1)
	p.tasks[i%64] = task
	p.published.Add(1)
}

func (p *Pool) work() {
	for i := int64(1); ; i++ {
		p.await(i)
		p.tasks[i%64]()
		p.taken.Store(i)
		p.pending.Add(-1)
	}
}

func (p *Pool) await(i int64) {
	for p.published.Load() < i { // want
		runtime.Gosched()
	}
}

// Wait waits for tasks, which take as long as they take.
func (p *Pool) Wait() {
	for p.pending.Load() > 0 { // want
		runtime.Gosched()
	}
}

func (p *Pool) Close() { p.closed.Store(true) }

func (p *Pool) AwaitClose() {
	for !p.closed.Load() { // want
		runtime.Gosched()
	}
}

// Latch is held by who has raised it, for as long as a call takes.
type Latch struct{ held atomic.Int64 }

func (l *Latch) With(f func()) {
	l.held.Add(1)
	defer l.held.Add(-1)
	f()
}

func (l *Latch) Drain() {
	for l.held.Load() != 0 { // want
		runtime.Gosched()
	}
}

// Impatient does not even yield.
func (c *Counter) Impatient() {
	for c.ended.Load() != c.begun.Load() { // want
	}
}

func (c *Counter) Record() {
	c.begun.Add(1)
	c.ended.Add(1)
}
