// Caches: versions, calls in flight, tickers, registries, a Once for one call only.
package cache

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// optimistic read of a version, falls back to the lock
type H2 struct {
	mu      sync.Mutex
	version atomic.Uint64
	a, b    atomic.Uint64
}

func (c *H2) Read() (uint64, uint64) {
	for i := 0; i < 100; i++ {
		v := c.version.Load()
		if v&1 == 1 {
			runtime.Gosched()
			continue
		}
		a, b := c.a.Load(), c.b.Load()
		if c.version.Load() == v {
			return a, b
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.a.Load(), c.b.Load()
}
func (c *H2) Read2() (a, b uint64) {
	for {
		v := c.version.Load()
		a, b = c.a.Load(), c.b.Load()
		if v&1 == 0 && v == c.version.Load() {
			return
		}
		runtime.Gosched()
	}
}
func (c *H2) Write(a, b uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version.Add(1)
	c.a.Store(a)
	c.b.Store(b)
	c.version.Store(c.version.Load() + 1)
}
func (c *H2) Bump() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version.Store(c.version.Load() + 2)
}

// double collect
func (c *H2) Collect() (uint64, uint64) {
	a, b := c.a.Load(), c.b.Load()
	for {
		a2, b2 := c.a.Load(), c.b.Load()
		if a == a2 && b == b2 {
			return a, b
		}
		a, b = a2, b2
	}
}

// nested struct guarded by comment; lock passed by pointer
type inner struct {
	items map[string]int
	total int
}

func (in *inner) add(k string, n int) { in.items[k] += n; in.total += n }
func (in *inner) drop(k string) bool {
	n, ok := in.items[k]
	if ok {
		in.total -= n
		delete(in.items, k)
	}
	return ok
}

type H3 struct {
	mu sync.RWMutex
	in *inner
}

func (c *H3) locked(f func(*inner)) { c.mu.Lock(); defer c.mu.Unlock(); f(c.in) }
func (c *H3) Add(k string)          { c.locked(func(in *inner) { in.add(k, 1) }) }
func (c *H3) Drop(k string) (ok bool) {
	c.locked(func(in *inner) { ok = in.drop(k) })
	return ok
}
func (c *H3) Total() int {
	c.mu.RLock()
	in := c.in
	n := in.total
	c.mu.RUnlock()
	return n
}
func (c *H3) Clear() { c.locked(func(*inner) { c.in = &inner{items: map[string]int{}} }) }
func withMu(mu sync.Locker, f func()) {
	mu.Lock()
	defer mu.Unlock()
	f()
}
func (c *H3) Set(k string, n int) { withMu(&c.mu, func() { c.in.items[k] = n }) }
func (c *H3) Get(k string) (n int) {
	withMu(c.mu.RLocker(), func() { n = c.in.items[k] })
	return
}

// error group like; panics
var errPanic = errors.New("panicked")

type callH struct {
	wg        sync.WaitGroup
	v         any
	err       error
	dups      int
	forgotten bool
	chans     []chan<- int
}
type H4 struct {
	mu sync.Mutex
	m  map[string]*callH
	c  map[string]any
}

func (g *H4) Do(key string, fn func() (any, error)) (v any, err error, shared bool) {
	g.mu.Lock()
	if g.m == nil {
		g.m = make(map[string]*callH)
	}
	if c, ok := g.m[key]; ok {
		c.dups++
		g.mu.Unlock()
		c.wg.Wait()
		return c.v, c.err, true
	}
	c := new(callH)
	c.wg.Add(1)
	g.m[key] = c
	g.mu.Unlock()
	g.doCall(c, key, fn)
	return c.v, c.err, c.dups > 0
}
func (g *H4) doCall(c *callH, key string, fn func() (any, error)) {
	normal := false
	defer func() {
		if !normal {
			c.err = errPanic
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		c.wg.Done()
		if g.m[key] == c {
			delete(g.m, key)
			if c.err == nil {
				g.c[key] = c.v
			}
		}
	}()
	c.v, c.err = fn()
	normal = true
}
func (g *H4) Forget(key string) { g.mu.Lock(); delete(g.m, key); g.mu.Unlock() }

// timers stop
type H5 struct {
	mu   sync.Mutex
	t    *time.Timer
	stop chan struct{}
	m    map[string]time.Time
}

func NewH5() *H5 {
	c := &H5{stop: make(chan struct{}), m: map[string]time.Time{}}
	go c.janitor(time.NewTicker(time.Minute))
	return c
}
func (c *H5) janitor(t *time.Ticker) {
	defer t.Stop()
	for {
		select {
		case now := <-t.C:
			c.expire(now)
		case <-c.stop:
			return
		}
	}
}
func (c *H5) expire(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, at := range c.m {
		if now.After(at) {
			delete(c.m, k)
		}
	}
}
func (c *H5) Close() { close(c.stop) }

// local locks in a helper goroutine fan-out, local once
func Fan(fs []func() error) (first error) {
	var (
		wg   sync.WaitGroup
		once sync.Once
		mu   sync.Mutex
		n    int
	)
	for _, f := range fs {
		wg.Go(func() {
			if err := f(); err != nil {
				once.Do(func() { first = err })
			}
			mu.Lock()
			n++
			mu.Unlock()
		})
	}
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	_ = n
	return first
}
func Cleanup(f func() error) error {
	var once sync.Once
	done := make(chan struct{})
	finish := func() { once.Do(func() { close(done) }) }
	defer finish()
	if err := f(); err != nil {
		return err
	}
	finish()
	<-done
	return nil
}
func Cleanup2(f func() error) error {
	done := make(chan struct{})
	var once sync.Once
	defer once.Do(func() { close(done) })
	if err := f(); err != nil {
		return err
	}
	once.Do(func() { close(done) })
	return nil
}

// registry with package lock and instance fields
var (
	registryMu sync.Mutex
	registry   = map[*H6]bool{}
)

type H6 struct {
	mu     sync.Mutex
	n      int
	listed bool // guarded by registryMu
}

func (c *H6) Inc() { c.mu.Lock(); c.n++; c.mu.Unlock() }

func (c *H6) Register() {
	registryMu.Lock()
	defer registryMu.Unlock()
	if !c.listed {
		c.listed = true
		registry[c] = true
	}
}

// recursion through exported methods with unlocked inner versions; shadowed receiver copies
type H7 struct {
	mu     sync.Mutex
	m      map[string]int
	parent *H7
}

func (c *H7) Get(k string) (int, bool) {
	c.mu.Lock()
	v, ok := c.m[k]
	parent := c.parent
	c.mu.Unlock()
	if !ok && parent != nil {
		return parent.Get(k)
	}
	return v, ok
}
func (c *H7) Depth() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parent == nil {
		return 0
	}
	return 1 + c.parent.Depth()
}
func (c *H7) Reparent(p *H7) { c.mu.Lock(); c.parent = p; c.mu.Unlock() }
func (c *H7) CopyFrom(o *H7) {
	if c == o {
		return
	}
	o.mu.Lock()
	m := make(map[string]int, len(o.m))
	for k, v := range o.m {
		m[k] = v
	}
	o.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m = m
}

// tagged state machine with atomics: claim, then plain writes, then publish
type H8 struct {
	state atomic.Int32
	v     int
	mu    sync.Mutex
	log   []int
}

func (c *H8) Set(v int) bool {
	if !c.state.CompareAndSwap(0, 1) {
		return false
	}
	c.v = v
	c.state.Store(2)
	c.mu.Lock()
	c.log = append(c.log, v)
	c.mu.Unlock()
	return true
}
func (c *H8) Get() (int, bool) {
	if c.state.Load() != 2 {
		return 0, false
	}
	return c.v, true
}
func (c *H8) Log() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Load() == 2 {
		_ = c.v
	}
	return append(c.log[:0:0], c.log...)
}
