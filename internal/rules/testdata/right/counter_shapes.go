// Counters: a lock made of a condition, state in a channel, deltas, generations, tables.
package counter

import (
	"sync"
	"sync/atomic"
	"time"
)

type Stats struct {
	Total, Succeeded, Failed uint64
	ProcessingTime           time.Duration
}

// sync.Cond as a lock; bool flag monitor
type J1 struct {
	mu   sync.Mutex
	cond *sync.Cond
	held bool
	s    Stats
	a    atomic.Uint64
}

func (c *J1) enter() {
	c.mu.Lock()
	for c.held {
		c.cond.Wait()
	}
	c.held = true
	c.mu.Unlock()
}
func (c *J1) leave() {
	c.mu.Lock()
	c.held = false
	c.mu.Unlock()
	c.cond.Signal()
}
func (c *J1) Inc() { c.enter(); defer c.leave(); c.s.Total++; c.a.Store(c.a.Load() + 1) }
func (c *J1) Reset() Stats {
	c.enter()
	defer c.leave()
	s := c.s
	c.s = Stats{}
	c.a.Store(c.a.Load() - 1)
	return s
}

// channel holds the state itself
type J2 struct{ state chan *Stats }

func NewJ2() *J2 { c := &J2{make(chan *Stats, 1)}; c.state <- &Stats{}; return c }
func (c *J2) Inc() {
	s := <-c.state
	s.Total++
	c.state <- s
}
func (c *J2) Stats() Stats {
	s := <-c.state
	defer func() { c.state <- s }()
	return *s
}

// pending deltas merged by whoever gets the lock
type delta struct {
	next *delta
	s    Stats
}
type J3 struct {
	mu    sync.Mutex
	total Stats
	head  atomic.Pointer[delta]
}

func (c *J3) push(s Stats) {
	d := &delta{s: s}
	for {
		d.next = c.head.Load()
		if c.head.CompareAndSwap(d.next, d) {
			break
		}
	}
	if c.mu.TryLock() {
		c.fold()
		c.mu.Unlock()
	}
}
func (c *J3) fold() {
	for d := c.head.Swap(nil); d != nil; d = d.next {
		c.total.Total += d.s.Total
		c.total.Failed += d.s.Failed
	}
}
func (c *J3) Inc() { c.push(Stats{Total: 1}) }
func (c *J3) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fold()
	return c.total
}
func (c *J3) Reset() (s Stats) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fold()
	s, c.total = c.total, s
	return
}

// two generations, swap by pointer under write lock
type gen struct {
	n, ok atomic.Uint64
}
type J4 struct {
	mu  sync.RWMutex
	cur *gen
}

func (c *J4) Inc() { c.mu.RLock(); c.cur.n.Add(1); c.mu.RUnlock() }
func (c *J4) Reset() uint64 {
	c.mu.Lock()
	old := c.cur
	c.cur = new(gen)
	c.mu.Unlock()
	return old.n.Load()
}

// function fields set by New; options
type J5 struct {
	mu   sync.Mutex
	now  func() time.Time
	hook func(Stats) error
	s    Stats
}

func NewJ5(opts ...func(*J5)) *J5 {
	c := &J5{now: time.Now}
	for _, o := range opts {
		o(c)
	}
	return c
}
func WithHook(f func(Stats) error) func(*J5) { return func(c *J5) { c.hook = f } }
func (c *J5) Time(f func() error) error {
	start := c.now()
	err := f()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.Total++
	c.s.ProcessingTime += c.now().Sub(start)
	return err
}
func (c *J5) Set(s Stats)           { c.mu.Lock(); c.s = s; c.mu.Unlock() }
func (c *J5) Ptr() *Stats           { c.mu.Lock(); defer c.mu.Unlock(); s := c.s; return &s }
func (c *J5) With(f func(s *Stats)) { c.mu.Lock(); defer c.mu.Unlock(); f(&c.s) }

// lock by defer chain and table of methods
type J6 struct {
	sync.Mutex
	n   map[string]uint64
	ops map[string]func(uint64) uint64
}

func NewJ6() *J6 {
	c := &J6{n: map[string]uint64{}}
	c.ops = map[string]func(uint64) uint64{"inc": c.inc, "dec": c.dec}
	return c
}
func (c *J6) inc(x uint64) uint64 { c.n["x"] += x; return c.n["x"] }
func (c *J6) dec(x uint64) uint64 { c.n["x"] -= x; return c.n["x"] }
func (c *J6) Apply(op string, x uint64) uint64 {
	c.Lock()
	defer c.Unlock()
	return c.ops[op](x)
}
func (c *J6) Get() uint64 { c.Lock(); defer c.Unlock(); return c.n["x"] }
func synchronized[T any](l sync.Locker, f func() T) T {
	l.Lock()
	defer l.Unlock()
	return f()
}
func (c *J6) Len() int  { return synchronized(c, func() int { return len(c.n) }) }
func (c *J6) Size() int { return synchronized[int](&c.Mutex, func() int { return len(c.n) }) }

// seq of switch with unlocks
type J7 struct {
	mu sync.Mutex
	s  Stats
	st int
}

func (c *J7) Step(x int) (out int) {
	c.mu.Lock()
	switch {
	case x < 0:
		c.mu.Unlock()
		return -1
	case x == 0:
		c.st = 0
	case x > 10:
		c.st = 10
		fallthrough
	case x > 5:
		c.s.Total++
		c.mu.Unlock()
		return c.slow(x)
	default:
		for c.st < x {
			c.st++
			if c.st == 3 {
				goto done
			}
		}
	}
	out = c.st
done:
	c.mu.Unlock()
	return out
}
func (c *J7) slow(x int) int {
	unlock := func() { c.mu.Unlock() }
	c.mu.Lock()
	if x > 100 {
		unlock()
		return 0
	}
	defer unlock()
	return int(c.s.Total)
}
