// Caches whose locks are taken and given back by helpers, closures, method values
// and guards.
package cache

import "sync"

// lock helpers
type A1 struct {
	mu sync.Mutex
	m  map[string]int
	n  int
}

func (c *A1) lock() func()     { c.mu.Lock(); return func() { c.mu.Unlock() } }
func (c *A1) Get(k string) int { defer c.lock()(); c.n++; return c.m[k] }
func (c *A1) Put(k string, v int) {
	unlock := c.lock()
	c.m[k] = v
	c.n++
	unlock()
}
func (c *A1) Two(k string) {
	unlock := c.lock()
	_, ok := c.m[k]
	if ok {
		unlock()
		return
	}
	c.m[k] = 1
	unlock()
}
func (c *A1) Flag(k string, f func() (int, error)) (int, error) {
	c.mu.Lock()
	locked := true
	defer func() {
		if locked {
			c.mu.Unlock()
		}
	}()
	if v, ok := c.m[k]; ok {
		return v, nil
	}
	locked = false
	c.mu.Unlock()
	v, err := f()
	c.mu.Lock()
	locked = true
	if _, ok := c.m[k]; !ok {
		c.m[k] = v
	}
	return v, err
}

// embedded
type A2 struct {
	sync.RWMutex
	m map[string]int
}

func (c *A2) Get(k string) (int, bool) {
	c.RLock()
	defer c.RUnlock()
	v, ok := c.m[k]
	return v, ok
}
func (c *A2) GetOrPut(k string, d int) int {
	c.RLock()
	v, ok := c.m[k]
	c.RUnlock()
	if ok {
		return v
	}
	c.Lock()
	defer c.Unlock()
	if v, ok = c.m[k]; ok {
		return v
	}
	c.m[k] = d
	return d
}

// generation recheck after upgrade
type A3 struct {
	mu   sync.RWMutex
	gen  uint64
	m    map[string]int
	hits int
}

func (c *A3) Fill(k string, d int) int {
	for {
		c.mu.RLock()
		v, ok := c.m[k]
		gen := c.gen
		c.mu.RUnlock()
		if ok {
			return v
		}
		c.mu.Lock()
		if c.gen != gen {
			c.mu.Unlock()
			continue
		}
		c.m[k] = d
		c.gen++
		c.mu.Unlock()
		return d
	}
}
func (c *A3) Delete(k string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.m, k)
	c.gen++
}

// method values
type A4 struct {
	mu sync.RWMutex
	m  map[string]int
}

func (c *A4) do(write bool, f func()) {
	lock, unlock := c.mu.RLock, c.mu.RUnlock
	if write {
		lock, unlock = c.mu.Lock, c.mu.Unlock
	}
	lock()
	defer unlock()
	f()
}
func (c *A4) Get(k string) (v int) { c.do(false, func() { v = c.m[k] }); return }
func (c *A4) Put(k string, v int)  { c.do(true, func() { c.m[k] = v }) }
func (c *A4) Len() int {
	unlock := c.mu.RUnlock
	c.mu.RLock()
	defer unlock()
	return len(c.m)
}
func (c *A4) Loc(k string) int {
	var l sync.Locker = c.mu.RLocker()
	l.Lock()
	defer l.Unlock()
	return c.m[k]
}
func (c *A4) Arg(k string) {
	c.mu.Lock()
	defer func(l sync.Locker) { l.Unlock() }(&c.mu)
	c.m[k]++
}

// generic guarded wrapper
type guarded[T any] struct {
	mu sync.Mutex
	v  T
}

func (g *guarded[T]) with(f func(*T)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f(&g.v)
}
func read[T, R any](g *guarded[T], f func(T) R) R {
	g.mu.Lock()
	defer g.mu.Unlock()
	return f(g.v)
}
func try[T, R any](g *guarded[T], f func(*T) (R, error)) (R, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return f(&g.v)
}

type a5 struct {
	m    map[string]int
	hits int
}
type A5 struct{ g guarded[a5] }

func (c *A5) Get(k string) (v int, ok bool) {
	c.g.with(func(s *a5) {
		if v, ok = s.m[k]; ok {
			s.hits++
		}
	})
	return
}
func (c *A5) Hits() int { return read(&c.g, func(s a5) int { return s.hits }) }
func (c *A5) Try(k string) (int, error) {
	return try(&c.g, func(s *a5) (int, error) { s.m[k]++; return s.m[k], nil })
}

// exported guarded
type Guarded[T any] struct {
	mu sync.Mutex
	v  T
}

func (g *Guarded[T]) With(f func(*T) error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return f(&g.v)
}

type A6 struct{ s Guarded[a5] }

func (c *A6) Put(k string, v int) error {
	return c.s.With(func(s *a5) error { s.m[k] = v; return nil })
}

// unlock in deferred method value and callee
type A7 struct {
	mu sync.Mutex
	m  map[string]int
	cb []func()
	n  int
}

func (c *A7) begin() { c.mu.Lock() }
func (c *A7) end()   { c.mu.Unlock() }
func (c *A7) endAndRun() {
	cb := c.cb
	c.cb = nil
	c.mu.Unlock()
	for _, f := range cb {
		f()
	}
}
func (c *A7) Put(k string, v int) {
	c.begin()
	defer c.end()
	c.m[k] = v
	c.n++
}
func (c *A7) Del(k string) {
	c.begin()
	end := c.end
	defer end()
	delete(c.m, k)
	c.n++
}
func (c *A7) Flush() {
	c.begin()
	c.n = 0
	c.endAndRun()
}
func (c *A7) Add(f func()) {
	c.begin()
	defer c.end()
	c.cb = append(c.cb, f)
}
