// Pools and counters: fast looks before real ones, batches, workers with a state of
// their own, conditions by waiter.
package workerpool

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var errClosed = errors.New("closed")

// Submit with a fast look, then the real one in another section
type G1 struct {
	mu     sync.RWMutex
	closed bool
	q      []func()
	n      int
	cond   *sync.Cond
}

func (p *G1) isClosed() bool { p.mu.RLock(); defer p.mu.RUnlock(); return p.closed }
func (p *G1) Submit(f func()) error {
	if p.isClosed() {
		return errClosed
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	p.q = append(p.q, f)
	p.n++
	return nil
}
func (p *G1) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
}
func (p *G1) push(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.q = append(p.q, f)
	return true
}
func (p *G1) Submit2(f func()) error {
	if p.isClosed() || !p.push(f) {
		return errClosed
	}
	return nil
}
func (p *G1) Len() int { p.mu.RLock(); n := len(p.q); p.mu.RUnlock(); return n }
func (p *G1) Shrink() {
	if p.Len() < 100 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.q = slices.Clip(p.q)
}
func (p *G1) Describe() string {
	return fmt.Sprintf("%d %t", p.Len(), p.isClosed())
}

// RecordBatch: sums locally then adds
type G2 struct {
	mu            sync.Mutex
	total, failed uint64
	max           time.Duration
	hist          map[string]int
}

func (c *G2) Batch(ok []bool) {
	var total, failed uint64
	for _, b := range ok {
		total++
		if !b {
			failed++
		}
	}
	c.mu.Lock()
	c.total += total
	c.failed += failed
	c.mu.Unlock()
}
func (c *G2) Rate() float64 {
	c.mu.Lock()
	total, failed := c.total, c.failed
	c.mu.Unlock()
	if total == 0 {
		return 0
	}
	return float64(total-failed) / float64(total)
}
func (c *G2) Merge(o *G2) {
	o.mu.Lock()
	total, failed := o.total, o.failed
	o.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total += total
	c.failed += failed
}
func (c *G2) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for k, v := range c.hist {
		fmt.Fprintf(&b, "%s=%d ", k, v)
	}
	return b.String()
}

// stats struct with atomics embedded by value; pointer fields
type counters struct {
	hits, misses atomic.Uint64
}

func (c *counters) snapshot() (uint64, uint64) { return c.hits.Load(), c.misses.Load() }
func (c *counters) reset()                     { c.hits.Store(0); c.misses.Store(0) }

type G3 struct {
	mu sync.RWMutex
	counters
	m map[string]int
}

func (c *G3) Get(k string) (int, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, ok := c.m[k]
	if ok {
		c.hits.Add(1)
	} else {
		c.misses.Add(1)
	}
	return v, ok
}
func (c *G3) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m = make(map[string]int)
	c.reset()
}
func (c *G3) Stats() (h, m uint64, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, m = c.snapshot()
	return h, m, len(c.m)
}

// high-water mark by CAS, under lock by store
type G4 struct {
	mu  sync.Mutex
	max atomic.Int64
	n   atomic.Int64
	seq uint64
}

func (c *G4) Observe(v int64) {
	for {
		old := c.max.Load()
		if v <= old {
			return
		}
		if c.max.CompareAndSwap(old, v) {
			return
		}
	}
}
func (c *G4) Reset() int64 { return c.max.Swap(0) }

// workers as structs with own state, mutex, and pointer back
type wk struct {
	p     *G5
	id    int
	state int // guarded by p.mu
	inbox chan func()
	mine  int // of the worker's goroutine
}
type G5 struct {
	mu      sync.Mutex
	workers []*wk
	idle    []*wk
	q       []func()
	closed  bool
	wg      sync.WaitGroup
}

func NewG5(n int) *G5 {
	p := &G5{}
	for i := range n {
		w := &wk{p: p, id: i, inbox: make(chan func(), 1)}
		p.workers = append(p.workers, w)
		p.idle = append(p.idle, w)
		p.wg.Add(1)
		go w.run()
	}
	return p
}
func (w *wk) run() {
	defer w.p.wg.Done()
	defer w.setState(2)
	for f := range w.inbox {
		for f != nil {
			f()
			w.mine++
			f = w.next()
		}
	}
}
func (w *wk) setState(s int) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	w.state = s
}
func (w *wk) next() func() {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	if len(w.p.q) > 0 {
		f := w.p.q[0]
		w.p.q = w.p.q[1:]
		return f
	}
	w.state = 0
	w.p.idle = append(w.p.idle, w)
	if w.p.closed {
		close(w.inbox)
	}
	return nil
}
func (p *G5) Submit(f func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		w.state = 1
		w.inbox <- f
		return nil
	}
	p.q = append(p.q, f)
	return nil
}
func (p *G5) States() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	states := make([]int, 0, len(p.workers))
	for _, w := range p.workers {
		states = append(states, w.state)
	}
	return states
}
func (p *G5) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		for _, w := range p.idle {
			close(w.inbox)
		}
		p.idle = nil
	}
	p.mu.Unlock()
	p.wg.Wait()
}

// result by index, no lock needed: slots
type G6 struct {
	mu    sync.Mutex
	slots []int
	n     int
	wg    sync.WaitGroup
}

func (p *G6) Map(f func(int) int, n int) []int {
	out := make([]int, n)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			out[i] = f(i)
			mu.Lock()
			done++
			mu.Unlock()
		}()
	}
	wg.Wait()
	p.mu.Lock()
	p.n += done
	p.mu.Unlock()
	return out
}

// cond per waiter on the shared lock; local cond
type G7 struct {
	mu      sync.Mutex
	waiting []*sync.Cond
	n       int
}

func (p *G7) Take() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n > 0 && len(p.waiting) == 0 {
		p.n--
		return
	}
	me := sync.NewCond(&p.mu)
	p.waiting = append(p.waiting, me)
	for p.n == 0 || p.waiting[0] != me {
		me.Wait()
	}
	p.waiting = p.waiting[1:]
	p.n--
	p.wake()
}
func (p *G7) wake() {
	if p.n > 0 && len(p.waiting) > 0 {
		p.waiting[0].Signal()
	}
}
func (p *G7) Give() {
	p.mu.Lock()
	p.n++
	p.wake()
	p.mu.Unlock()
}

// a waiter flag per waiter: if around Wait is in a loop of the flag
type sleeper struct {
	cond  sync.Cond
	woken bool
}
type G8 struct {
	mu       sync.Mutex
	sleepers map[int]*sleeper
	q        []int
}

func (p *G8) Sleep(id int) {
	p.mu.Lock()
	s := &sleeper{}
	s.cond.L = &p.mu
	p.sleepers[id] = s
	for {
		if s.woken {
			delete(p.sleepers, id)
			p.mu.Unlock()
			return
		}
		s.cond.Wait()
	}
}
func (p *G8) Wake(id int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.sleepers[id]; ok {
		s.woken = true
		s.cond.Signal()
	}
}

// Wait with a deferred broadcast; nested functions; result struct
type G9 struct {
	mu   sync.Mutex
	cond sync.Cond
	busy map[int]bool
	stop bool
	q    []int
}

func NewG9() *G9 { p := &G9{busy: map[int]bool{}}; p.cond = *sync.NewCond(&p.mu); return p }
func (p *G9) Acquire(k int) (release func()) {
	p.mu.Lock()
	for p.busy[k] {
		p.cond.Wait()
	}
	p.busy[k] = true
	p.mu.Unlock()
	return func() {
		p.mu.Lock()
		delete(p.busy, k)
		p.mu.Unlock()
		p.cond.Broadcast()
	}
}
func (p *G9) Do(k int, f func() error) error {
	release := p.Acquire(k)
	defer release()
	return f()
}
func (p *G9) pop() (v int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if n := len(p.q); n > 0 {
			v, p.q = p.q[n-1], p.q[:n-1]
			return v, true
		} else if p.stop {
			return
		} else {
			p.cond.Wait()
		}
	}
}
func (p *G9) Pop() (int, bool) { return p.pop() }
func (p *G9) Push(v int)       { p.mu.Lock(); p.q = append(p.q, v); p.mu.Unlock(); p.cond.Signal() }
func (p *G9) Stop()            { p.mu.Lock(); defer p.cond.Broadcast(); defer p.mu.Unlock(); p.stop = true }
