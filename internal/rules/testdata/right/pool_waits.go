// Pools that wait in every shape: conditions, tokens, channels, timers.
package workerpool

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

var errC = errors.New("closed")

// cond shapes
type C1 struct {
	mu     sync.Mutex
	cond   *sync.Cond
	q      []func() (int, error)
	closed bool
	active int
	gen    int
	res    []int
}

func NewC1() *C1 { c := &C1{}; c.cond = sync.NewCond(&c.mu); return c }

// Wait, Unlock, back to Lock and check.
func (c *C1) loop1() {
	for {
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return
		}
		if len(c.q) > 0 {
			t := c.q[0]
			c.q = c.q[1:]
			c.mu.Unlock()
			t()
			continue
		}
		c.cond.Wait()
		c.mu.Unlock()
	}
}
func (c *C1) Start() { go c.loop1(); go c.loop2(); go c.loop3(); go c.loop4() }

// next returns false after having waited: its caller loops.
func (c *C1) next() (t func() (int, error), again, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.q) == 0 {
		if c.closed {
			return nil, false, false
		}
		c.cond.Wait()
		return nil, true, false
	}
	t = c.q[0]
	c.q = c.q[1:]
	c.active++
	return t, false, true
}
func (c *C1) loop2() {
	for {
		t, again, ok := c.next()
		if again {
			continue
		}
		if !ok {
			return
		}
		t()
	}
}

func (c *C1) ready() bool { return len(c.q) > 0 || c.closed }
func (c *C1) await(ok func() bool) {
	for !ok() {
		c.cond.Wait()
	}
}
func (c *C1) loop3() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		c.await(c.ready)
		if len(c.q) == 0 {
			return
		}
		t := c.q[0]
		c.q = c.q[1:]
		c.active++
		func() {
			c.mu.Unlock()
			defer c.mu.Lock()
			t()
		}()
		c.active--
		c.cond.Broadcast()
	}
}
func (c *C1) idle() bool { return len(c.q) == 0 && c.active == 0 }
func (c *C1) Wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.await(c.idle)
}
func (c *C1) WaitGen() {
	c.mu.Lock()
	for gen := c.gen; gen == c.gen && !c.idle(); {
		c.cond.Wait()
	}
	c.mu.Unlock()
}
func (c *C1) waitOnce() bool {
	if c.idle() {
		return false
	}
	c.cond.Wait()
	return true
}
func (c *C1) WaitHelper() {
	c.mu.Lock()
	for c.waitOnce() {
	}
	c.mu.Unlock()
}
func (c *C1) loop4() {
	c.mu.Lock()
retry:
	switch {
	case len(c.q) > 0:
		t := c.q[0]
		c.q = c.q[1:]
		c.mu.Unlock()
		t()
		c.mu.Lock()
		goto retry
	case c.closed:
	default:
		c.cond.Wait()
		goto retry
	}
	c.mu.Unlock()
}
func (c *C1) Close() {
	c.cond.L.Lock()
	c.closed = true
	c.cond.L.Unlock()
	c.cond.Broadcast()
}
func (c *C1) Submit(t func() (int, error)) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return errC
	}
	c.q = append(c.q, t)
	c.mu.Unlock()
	c.cond.Signal()
	return nil
}
func (c *C1) Reset() {
	c.mu.Lock()
	c.q = nil
	c.gen++
	c.mu.Unlock()
}

// RLocker cond
type C2 struct {
	mu   sync.RWMutex
	idle *sync.Cond
	n    int
}

func NewC2() *C2 { c := new(C2); c.idle = sync.NewCond(c.mu.RLocker()); return c }
func (c *C2) Wait() {
	c.idle.L.Lock()
	defer c.idle.L.Unlock()
	for c.n != 0 {
		c.idle.Wait()
	}
}
func (c *C2) Wait2() {
	c.mu.RLock()
	for c.n != 0 {
		c.idle.Wait()
	}
	c.mu.RUnlock()
}
func (c *C2) Add(d int) {
	c.mu.Lock()
	c.n += d
	if c.n == 0 {
		c.idle.Broadcast()
	}
	c.mu.Unlock()
}

// value Cond set lazily in struct
type C3 struct {
	mu   sync.Mutex
	cond sync.Cond
	n    int
}

func (c *C3) init() *C3 { c.cond.L = &c.mu; return c }
func NewC3() *C3        { return new(C3).init() }
func (c *C3) Wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if c.n == 0 {
			break
		}
		c.cond.Wait()
	}
}
func (c *C3) Add(d int) { c.mu.Lock(); defer c.mu.Unlock(); c.n += d; c.cond.Broadcast() }

// respawn through a helper
type C4 struct {
	wg   sync.WaitGroup
	task chan func()
	mu   sync.Mutex
	live int
}

func (p *C4) launch() { go p.worker() }
func NewC4(n int) *C4 {
	p := &C4{task: make(chan func())}
	for range n {
		p.wg.Add(1)
		p.launch()
	}
	return p
}
func (p *C4) worker() {
	defer p.wg.Done()
	defer func() {
		if recover() != nil {
			p.wg.Add(1)
			p.launch()
		}
	}()
	for t := range p.task {
		t()
	}
}
func (p *C4) Close() { close(p.task); p.wg.Wait() }

// on demand worker which hands over with wg.Go
type C5 struct {
	mu   sync.Mutex
	wg   sync.WaitGroup
	q    []func()
	free int
}

func (p *C5) Submit(t func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.q = append(p.q, t)
	if p.free > 0 {
		p.free--
		p.wg.Go(p.drain)
	}
}
func (p *C5) drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.q) > 0 {
		t := p.q[0]
		p.q = p.q[1:]
		p.mu.Unlock()
		t()
		p.mu.Lock()
	}
	p.free++
}

// wg replaced under lock: epoch
type C6 struct {
	mu   sync.Mutex
	n    int
	idle chan struct{}
}

func (p *C6) Begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n++; p.n == 1 {
		p.idle = make(chan struct{})
	}
}
func (p *C6) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n--; p.n == 0 {
		close(p.idle)
	}
}
func (p *C6) Wait() {
	p.mu.Lock()
	idle, n := p.idle, p.n
	p.mu.Unlock()
	if n > 0 {
		<-idle
	}
}

// buffered channel plus overflow, with a count
const room = 64

type C7 struct {
	mu     sync.Mutex
	fast   chan func() (int, error)
	queued int
	slow   []func() (int, error)
	closed bool
	wg     sync.WaitGroup
	stop   chan struct{}
}

func NewC7(n int) *C7 {
	p := &C7{fast: make(chan func() (int, error), room), stop: make(chan struct{})}
	for range n {
		p.wg.Add(1)
		go p.work()
	}
	return p
}
func (p *C7) Submit(t func() (int, error)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errC
	}
	if len(p.slow) == 0 && p.queued < room {
		p.queued++
		p.fast <- t
		return nil
	}
	p.slow = append(p.slow, t)
	return nil
}
func (p *C7) work() {
	defer p.wg.Done()
	for t := range p.fast {
		p.mu.Lock()
		p.queued--
		if len(p.slow) > 0 {
			p.fast <- p.slow[0]
			p.slow = p.slow[1:]
			p.queued++
		}
		p.mu.Unlock()
		t()
	}
}

// tokens
type C8 struct {
	mu    sync.Mutex
	q     []func()
	token chan struct{}
	done  chan struct{}
	once  sync.Once
}

func (p *C8) Submit(t func()) {
	p.mu.Lock()
	p.q = append(p.q, t)
	p.mu.Unlock()
	select {
	case p.token <- struct{}{}:
	default:
	}
}
func (p *C8) Run(ctx context.Context) { go p.run(ctx) }
func (p *C8) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.done:
			return
		case <-p.token:
		}
		for {
			p.mu.Lock()
			if len(p.q) == 0 {
				p.mu.Unlock()
				break
			}
			t := p.q[0]
			p.q = p.q[1:]
			p.mu.Unlock()
			t()
		}
	}
}
func (p *C8) Close() { p.once.Do(func() { close(p.done) }) }

// timers
type C9 struct {
	mu    sync.Mutex
	timer *time.Timer
	fired bool
	n     int
}

func (p *C9) Arm(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil {
		p.timer = time.AfterFunc(d, p.fire)
		return
	}
	p.timer.Reset(d)
}
func (p *C9) fire() { p.mu.Lock(); p.fired = true; p.n++; p.mu.Unlock() }
func (p *C9) Stop() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.timer != nil && p.timer.Stop()
}

// go before complete
type C10 struct {
	mu    sync.Mutex
	ready chan struct{}
	name  string
	ids   []int
	n     atomic.Int32
}

func NewC10(k int) *C10 {
	p := &C10{ready: make(chan struct{})}
	for range k {
		go p.run()
	}
	p.name = "x"
	p.ids = make([]int, k)
	close(p.ready)
	return p
}
func (p *C10) run() {
	<-p.ready
	_ = p.name
	p.mu.Lock()
	p.ids[0]++
	p.mu.Unlock()
}
func (p *C10) IDs() []int { p.mu.Lock(); defer p.mu.Unlock(); return append([]int(nil), p.ids...) }

type C11 struct {
	mu     sync.Mutex
	states []int
	wg     sync.WaitGroup
}

func NewC11(k int) *C11 {
	p := &C11{}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range k {
		p.states = append(p.states, 0)
		p.wg.Go(func() { p.work(i) })
	}
	return p
}
func (p *C11) set(i, s int) { p.mu.Lock(); p.states[i] = s; p.mu.Unlock() }
func (p *C11) work(i int)   { p.set(i, 1); defer p.set(i, 2) }
