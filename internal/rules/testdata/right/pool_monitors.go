// Pools: monitors, transactions, guards, actors, locks that are handed over.
package workerpool

import (
	"container/list"
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// monitor type: embedded mutex and cond
type monitor struct {
	sync.Mutex
	cond sync.Cond
}

func (m *monitor) setup() { m.cond.L = m }
func (m *monitor) until(ok func() bool) {
	for !ok() {
		m.cond.Wait()
	}
}
func (m *monitor) exit() { m.cond.Broadcast(); m.Unlock() }

type E1 struct {
	monitor
	q    []func()
	busy int
	stop bool
}

func NewE1(n int) *E1 {
	p := new(E1)
	p.setup()
	for range n {
		go p.loop()
	}
	return p
}
func (p *E1) loop() {
	for {
		p.Lock()
		p.until(func() bool { return len(p.q) > 0 || p.stop })
		if len(p.q) == 0 {
			p.exit()
			return
		}
		t := p.q[0]
		p.q = p.q[1:]
		p.busy++
		p.exit()
		t()
		p.Lock()
		p.busy--
		p.exit()
	}
}
func (p *E1) Submit(t func()) {
	p.Lock()
	defer p.exit()
	p.q = append(p.q, t)
}
func (p *E1) Wait() {
	p.Lock()
	defer p.Unlock()
	p.until(func() bool { return p.busy == 0 && len(p.q) == 0 })
}
func (p *E1) Busy() int { p.Lock(); n := p.busy; p.Unlock(); return n }

// transaction objects: struct that carries the lock
type tx struct {
	p       *E2
	wake    bool
	pending []func()
}
type E2 struct {
	mu    sync.Mutex
	cond  *sync.Cond
	q     list.List
	n     int
	hooks []func()
}

func (p *E2) begin() *tx { p.mu.Lock(); return &tx{p: p} }
func (t *tx) commit() {
	if t.wake {
		t.p.cond.Broadcast()
	}
	t.p.mu.Unlock()
	for _, f := range t.pending {
		f()
	}
}
func (p *E2) Push(x int) {
	t := p.begin()
	defer t.commit()
	p.q.PushBack(x)
	p.n++
	t.wake = true
}
func (p *E2) Len() int {
	t := p.begin()
	defer t.commit()
	return p.n + p.q.Len()
}
func (p *E2) Pop() (int, bool) {
	t := p.begin()
	defer t.commit()
	if p.q.Len() == 0 {
		return 0, false
	}
	p.n--
	t.pending = append(t.pending, func() {})
	return p.q.Remove(p.q.Front()).(int), true
}

// value receiver token: struct lock guard
type guard struct{ mu *sync.Mutex }

func hold(mu *sync.Mutex) guard { mu.Lock(); return guard{mu} }
func (g guard) release()        { g.mu.Unlock() }

type E3 struct {
	mu sync.Mutex
	n  int
}

func (p *E3) Inc() { g := hold(&p.mu); defer g.release(); p.n++ }
func (p *E3) Get() int {
	defer hold(&p.mu).release()
	return p.n
}
func (p *E3) Two() int {
	g := hold(&p.mu)
	if p.n > 3 {
		g.release()
		return 3
	}
	p.n = 0
	g.release()
	return 0
}

// pointer mutex shared by parts
type part struct {
	mu *sync.Mutex
	n  int
}
type E4 struct {
	mu    sync.Mutex
	a, b  part
	parts map[string]*part
}

func NewE4() *E4 {
	p := &E4{parts: map[string]*part{}}
	p.a.mu, p.b.mu = &p.mu, &p.mu
	return p
}
func (q *part) inc() { q.mu.Lock(); defer q.mu.Unlock(); q.n++ }
func (p *E4) Inc()   { p.a.inc(); p.b.inc() }
func (p *E4) Sum() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.a.n + p.b.n
	for _, q := range p.parts {
		n += q.n
	}
	return n
}
func (p *E4) Part(k string) {
	p.mu.Lock()
	q, ok := p.parts[k]
	if !ok {
		q = &part{mu: &p.mu}
		p.parts[k] = q
	}
	q.n++
	p.mu.Unlock()
}

// actor with func channel
type E5 struct {
	ops  chan func()
	quit chan struct{}
	once sync.Once
	n    int
	m    map[string]int
}

func NewE5() *E5 {
	p := &E5{ops: make(chan func()), quit: make(chan struct{}), m: map[string]int{}}
	go func() {
		for {
			select {
			case op := <-p.ops:
				op()
			case <-p.quit:
				return
			}
		}
	}()
	return p
}
func (p *E5) do(f func()) bool {
	done := make(chan struct{})
	select {
	case p.ops <- func() { defer close(done); f() }:
		<-done
		return true
	case <-p.quit:
		return false
	}
}
func (p *E5) Inc(k string)         { p.do(func() { p.n++; p.m[k]++ }) }
func (p *E5) Get(k string) (n int) { p.do(func() { n = p.m[k] }); return }
func (p *E5) Close()               { p.once.Do(func() { close(p.quit) }) }

// ctx with AfterFunc to wake cond
type E6 struct {
	mu   sync.Mutex
	cond *sync.Cond
	n    int
}

func (p *E6) WaitCtx(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.cond.Broadcast()
	})
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.n > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.cond.Wait()
	}
	return nil
}
func (p *E6) WaitFor(d time.Duration) bool {
	deadline := time.Now().Add(d)
	t := time.AfterFunc(d, func() { p.mu.Lock(); p.cond.Broadcast(); p.mu.Unlock() })
	defer t.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.n > 0 && time.Now().Before(deadline) {
		p.cond.Wait()
	}
	return p.n == 0
}
func (p *E6) Add(d int) { p.mu.Lock(); p.n += d; p.cond.Broadcast(); p.mu.Unlock() }

// states as atomics written under a lock; lock free reads of one
type E7 struct {
	mu     sync.Mutex
	closed atomic.Bool
	state  []atomic.Int32
	head   atomic.Pointer[node]
	q      []func()
	err    error
}
type node struct {
	next *node
	f    func()
}

var errE = errors.New("closed")

func (p *E7) Submit(f func()) error {
	if p.closed.Load() {
		return errE
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Load() {
		return errE
	}
	p.q = append(p.q, f)
	return nil
}
func (p *E7) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed.Load() {
		p.closed.Store(true)
		p.err = errE
	}
}
func (p *E7) Push(f func()) {
	n := &node{f: f}
	for {
		n.next = p.head.Load()
		if p.head.CompareAndSwap(n.next, n) {
			return
		}
	}
}
func (p *E7) Pop() func() {
	for n := p.head.Load(); n != nil; n = p.head.Load() {
		if p.head.CompareAndSwap(n, n.next) {
			return n.f
		}
	}
	return nil
}
func (p *E7) Drain() (out []func()) {
	for n := p.head.Swap(nil); n != nil; n = n.next {
		out = append(out, n.f)
	}
	return out
}
func (p *E7) set(i int, s int32) { p.state[i].Store(s) }

// backoff retry of CAS loop with Gosched
type E8 struct {
	packed atomic.Uint64
	min    atomic.Int64
	sema   chan struct{}
}

func (p *E8) Inc() {
	for i := 0; ; i++ {
		old := p.packed.Load()
		if p.packed.CompareAndSwap(old, old+1<<32) {
			return
		}
		if i > 10 {
			runtime.Gosched()
		}
	}
}
func (p *E8) Inc2() {
	old := p.packed.Load()
	for !p.packed.CompareAndSwap(old, old+1) {
		runtime.Gosched()
		old = p.packed.Load()
	}
}
func (p *E8) Min(x int64) {
	for {
		old := p.min.Load()
		if old <= x || p.min.CompareAndSwap(old, x) {
			return
		}
	}
}
func (p *E8) Reset() uint64 {
	for {
		old := p.packed.Load()
		if p.packed.CompareAndSwap(old, 0) {
			return old
		}
	}
}
func (p *E8) Random() int { return rand.IntN(3) }

// double-buffer, epoch swap under write lock, records under read lock
type cell struct {
	mu sync.Mutex
	n  uint64
}
type E9 struct {
	mu    sync.RWMutex
	cells []cell
	next  atomic.Uint32
	epoch int
}

func (p *E9) Add() {
	p.mu.RLock()
	defer p.mu.RUnlock()
	c := &p.cells[int(p.next.Add(1))%len(p.cells)]
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
}
func (p *E9) Reset() (n uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.epoch++
	for i := range p.cells {
		n += p.cells[i].n
		p.cells[i].n = 0
	}
	return n
}

// close and double checks
type E10 struct {
	mu      sync.Mutex
	closed  bool
	done    chan struct{}
	workers int
	tasks   []func()
	wake    chan struct{}
}

func (p *E10) Close() {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	p.mu.Unlock()
	if first {
		close(p.wake)
	}
	<-p.done
}
func (p *E10) exit() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.workers--; p.workers == 0 && p.closed {
		close(p.done)
	}
}
func (p *E10) Grow() {
	p.mu.Lock()
	if p.workers >= 4 {
		p.mu.Unlock()
		return
	}
	p.workers++
	p.mu.Unlock()
	go func() {
		defer p.exit()
		for range p.wake {
			p.drain()
		}
	}()
}
func (p *E10) drain() {
	for {
		p.mu.Lock()
		n := len(p.tasks)
		if n == 0 {
			p.mu.Unlock()
			break
		}
		t := p.tasks[n-1]
		p.tasks = p.tasks[:n-1]
		p.mu.Unlock()
		t()
	}
}
func (p *E10) StatsAndReset() (n int) {
	p.mu.Lock()
	n = len(p.tasks)
	p.mu.Unlock()
	if n == 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n = len(p.tasks)
	p.tasks = nil
	return n
}

// interface lock strategy
type locker interface {
	Lock()
	Unlock()
}
type nop struct{}

func (nop) Lock()   {}
func (nop) Unlock() {}

type E11 struct {
	l  locker
	n  int
	mu sync.Mutex
}

func NewE11() *E11       { p := &E11{}; p.l = &p.mu; return p }
func (p *E11) Inc()      { p.l.Lock(); defer p.l.Unlock(); p.n++ }
func (p *E11) Get() int  { p.mu.Lock(); defer p.mu.Unlock(); return p.n }
func (p *E11) Get2() int { p.l.Lock(); n := p.n; p.l.Unlock(); return n }

type E12 struct {
	l sync.Locker
	n int
}

func NewE12() *E12      { return &E12{l: new(sync.Mutex)} }
func (p *E12) Inc()     { p.l.Lock(); defer p.l.Unlock(); p.n++ }
func (p *E12) Get() int { p.l.Lock(); defer p.l.Unlock(); return p.n }

// queue of waiters with their own mutexless sema
type waiter struct {
	ready chan struct{}
	task  func()
}
type E13 struct {
	mu   sync.Mutex
	idle []*waiter
	q    []func()
	wg   sync.WaitGroup
}

func (p *E13) Submit(t func()) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		w.task = t
		close(w.ready)
		return
	}
	p.q = append(p.q, t)
	p.mu.Unlock()
}
func (p *E13) next() func() {
	p.mu.Lock()
	if len(p.q) > 0 {
		t := p.q[0]
		p.q = p.q[1:]
		p.mu.Unlock()
		return t
	}
	w := &waiter{ready: make(chan struct{})}
	p.idle = append(p.idle, w)
	p.mu.Unlock()
	<-w.ready
	return w.task
}
func (p *E13) Run() {
	p.wg.Add(1)
	go func() {
		defer p.wg.Done()
		for t := p.next(); t != nil; t = p.next() {
			t()
		}
	}()
}
func (p *E13) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, w := range idle {
		close(w.ready)
	}
	p.wg.Wait()
}

// lock transfer: Submit's lock handed to helper that unlocks
type E14 struct {
	mu sync.Mutex
	q  []func()
	n  int
}

func (p *E14) Submit(t func()) bool {
	p.mu.Lock()
	return p.pushAndUnlock(t)
}
func (p *E14) pushAndUnlock(t func()) bool {
	defer p.mu.Unlock()
	if p.n > 10 {
		return false
	}
	p.q = append(p.q, t)
	p.n++
	return true
}
func (p *E14) lockIf() bool {
	p.mu.Lock()
	if p.n == 0 {
		p.mu.Unlock()
		return false
	}
	return true
}
func (p *E14) Pop() func() {
	if !p.lockIf() {
		return nil
	}
	defer p.mu.Unlock()
	t := p.q[0]
	p.q = p.q[1:]
	p.n--
	return t
}
func (p *E14) Each(f func(int)) {
	for i := 0; ; i++ {
		if !p.lockIf() {
			break
		}
		n := p.n
		p.mu.Unlock()
		if i >= n {
			break
		}
		f(i)
	}
}
