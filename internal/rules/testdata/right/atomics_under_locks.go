// Counters whose atomics are written under a lock, also under one made of a
// channel or of an atomic, and read without.
package counter

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// channel mutex with helper and Load then Store
type B1 struct {
	sem   chan struct{}
	n     atomic.Int64
	ready int64
	plain int
}

func (c *B1) lock()   { c.sem <- struct{}{} }
func (c *B1) unlock() { <-c.sem }
func (c *B1) Inc() {
	c.lock()
	defer c.unlock()
	c.n.Store(c.n.Load() + 1)
	c.plain++
	c.ready++
}
func (c *B1) Dec() {
	c.lock()
	c.n.Store(c.n.Load() - 1)
	c.unlock()
}
func (c *B1) Get() int64 { return c.n.Load() }

// Locker type of ours
type chanMutex chan struct{}

func (m chanMutex) Lock()   { m <- struct{}{} }
func (m chanMutex) Unlock() { <-m }

type B2 struct {
	mu   chanMutex
	cond *sync.Cond
	n    int
	a    atomic.Int64
}

func NewB2() *B2 {
	c := &B2{mu: make(chanMutex, 1)}
	c.cond = sync.NewCond(c.mu)
	return c
}
func (c *B2) Wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.n > 0 {
		c.cond.Wait()
	}
}
func (c *B2) Add(d int) {
	c.mu.Lock()
	c.n += d
	c.a.Store(c.a.Load() + 1)
	c.mu.Unlock()
	c.cond.Broadcast()
}
func (c *B2) Sub(d int) {
	c.cond.L.Lock()
	defer c.cond.L.Unlock()
	c.n -= d
	c.a.Store(c.a.Load() - 1)
	c.cond.Broadcast()
}

// ticket guarded load/store helper
type B4 struct {
	mu    sync.Mutex
	total atomic.Uint64
	ok    atomic.Uint64
}

func (c *B4) bump(a *atomic.Uint64) { a.Store(a.Load() + 1) }
func (c *B4) Record(ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bump(&c.total)
	if ok {
		c.bump(&c.ok)
	}
}
func (c *B4) Total() uint64 { return c.total.Load() }
func (c *B4) Reset() (uint64, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, b := c.total.Load(), c.ok.Load()
	c.total.Store(0)
	c.ok.Store(0)
	return a, b
}

// snapshot CAS
type snap struct{ total, ok uint64 }
type B5 struct{ p atomic.Pointer[snap] }

func (c *B5) update(f func(*snap)) *snap {
	for {
		old := c.p.Load()
		next := snap{}
		if old != nil {
			next = *old
		}
		f(&next)
		if c.p.CompareAndSwap(old, &next) {
			return old
		}
	}
}
func (c *B5) Record(ok bool) {
	c.update(func(s *snap) {
		s.total++
		if ok {
			s.ok++
		}
	})
}
func (c *B5) Reset() snap {
	if old := c.p.Swap(nil); old != nil {
		return *old
	}
	return snap{}
}

// COW: writers under mutex, readers without
type B6 struct {
	mu sync.Mutex
	v  atomic.Value
	p  atomic.Pointer[map[string]int]
}

func (c *B6) Put(k string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, _ := c.v.Load().(map[string]int)
	next := make(map[string]int, len(old)+1)
	for k, v := range old {
		next[k] = v
	}
	next[k] = n
	c.v.Store(next)
	c.swap(k)
}
func (c *B6) swap(k string) {
	next := map[string]int{}
	if m := c.p.Load(); m != nil {
		for k, v := range *m {
			next[k] = v
		}
	}
	delete(next, k)
	c.p.Store(&next)
}
func (c *B6) Clear() {
	c.mu.Lock()
	c.v.Store(map[string]int{})
	c.swap("")
	c.mu.Unlock()
}
func (c *B6) All() map[string]int { m, _ := c.v.Load().(map[string]int); return m }

// legacy atomics under RLock and plain under Lock
type B7 struct {
	mu   sync.RWMutex
	a, b uint64
}

func (c *B7) Inc(ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	atomic.AddUint64(&c.a, 1)
	if ok {
		atomic.AddUint64(&c.b, 1)
	}
}
func (c *B7) Stats() (uint64, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.a, c.b
}
func (c *B7) Reset() (uint64, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, b := c.a, c.b
	c.a, c.b = 0, 0
	return a, b
}

// atomics under lock through closures and withLock
type B8 struct {
	mu sync.Mutex
	n  atomic.Int64
	hi atomic.Int64
}

func (c *B8) withLock(f func()) { c.mu.Lock(); defer c.mu.Unlock(); f() }
func (c *B8) Inc() {
	c.withLock(func() {
		n := c.n.Load() + 1
		c.n.Store(n)
		if n > c.hi.Load() {
			c.hi.Store(n)
		}
	})
}
func (c *B8) Dec() { c.withLock(func() { c.n.Store(c.n.Load() - 1) }) }

// once guarded channel-lock closures
type B9 struct {
	token chan struct{}
	n     atomic.Int64
	m     map[string]int
}

func (c *B9) withToken(f func()) {
	t := <-c.token
	defer func() { c.token <- t }()
	f()
}
func (c *B9) Inc() { c.withToken(func() { c.n.Store(c.n.Load() + 1); c.m["a"]++ }) }
func (c *B9) Dec() { c.withToken(func() { c.n.Store(c.n.Load() - 1) }) }

// select acquire
type B10 struct {
	sem chan struct{}
	n   atomic.Int64
	k   int
}

func (c *B10) enter() bool {
	select {
	case c.sem <- struct{}{}:
		return true
	default:
	}
	c.sem <- struct{}{}
	return true
}
func (c *B10) leave() { <-c.sem }
func (c *B10) Inc() {
	c.enter()
	defer c.leave()
	c.n.Store(c.n.Load() + 1)
}
func (c *B10) Dec() {
	c.enter()
	defer c.leave()
	c.n.Store(c.n.Load() - 1)
}

// CAS spin lock guarding through helper
type spin struct{ f atomic.Bool }

func (s *spin) Lock() {
	for i := 0; !s.f.CompareAndSwap(false, true); i++ {
		runtime.Gosched()
	}
}
func (s *spin) Unlock() { s.f.Store(false) }

type B11 struct {
	mu spin
	n  atomic.Int64
	x  int
}

func (c *B11) Inc() { c.mu.Lock(); defer c.mu.Unlock(); c.n.Store(c.n.Load() + 1); c.x++ }
func (c *B11) Dec() { c.mu.Lock(); c.n.Store(c.n.Load() - 1); c.x--; c.mu.Unlock() }
