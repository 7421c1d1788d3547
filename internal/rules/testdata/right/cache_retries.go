// Caches: retries, flights in every arrangement, rings, shards under a lock for all.
package cache

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

var errI = errors.New("x")

// Delete fast path; evict loop; two-phase with claim token
type I1 struct {
	mu      sync.RWMutex
	m       map[string]*list.Element
	l       *list.List
	flights map[string]*flI
	cap     int
	stats   struct{ h, m, e uint64 }
}
type flI struct {
	done      chan struct{}
	v         int
	err       error
	cancelled bool // guarded by I1.mu
	waiters   int
	once      sync.Once
}

func (c *I1) Delete(k string) bool {
	c.mu.RLock()
	_, ok := c.m[k]
	_, flying := c.flights[k]
	c.mu.RUnlock()
	if !ok && !flying {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, k)
	e, ok := c.m[k]
	if !ok {
		return false
	}
	c.l.Remove(e)
	delete(c.m, k)
	return true
}
func (c *I1) lookup(k string) (v int, fl *flI, leader bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.m[k]; ok {
		c.stats.h++
		return e.Value.(int), nil, false
	}
	c.stats.m++
	if fl = c.flights[k]; fl != nil {
		fl.waiters++
		return 0, fl, false
	}
	fl = &flI{done: make(chan struct{}), err: errI}
	c.flights[k] = fl
	return 0, fl, true
}
func (c *I1) GetOrLoad(k string, load func(string) (int, error)) (int, error) {
	v, fl, leader := c.lookup(k)
	if fl == nil {
		return v, nil
	}
	if !leader {
		<-fl.done
		return fl.v, fl.err
	}
	defer close(fl.done)
	defer c.finish(k, fl)
	fl.v, fl.err = load(k)
	return fl.v, fl.err
}
func (c *I1) finish(k string, fl *flI) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if fl.cancelled || c.flights[k] != fl {
		return
	}
	delete(c.flights, k)
	if fl.err != nil {
		return
	}
	for c.l.Len() >= c.cap {
		c.l.Remove(c.l.Front())
		c.stats.e++
	}
	c.m[k] = c.l.PushBack(fl.v)
}
func (c *I1) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, fl := range c.flights {
		fl.cancelled = true
		delete(c.flights, k)
	}
	c.m = make(map[string]*list.Element)
	c.l.Init()
	c.stats = struct{ h, m, e uint64 }{}
}
func (c *I1) GetCtx(ctx context.Context, k string) (int, error) {
	_, fl, _ := c.lookup(k)
	if fl == nil {
		return 0, nil
	}
	select {
	case <-fl.done:
		return fl.v, fl.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Load runs load on a goroutine of its own.
func (c *I1) Background(k string, load func(string) (int, error)) (int, error) {
	_, fl, leader := c.lookup(k)
	if fl == nil {
		return 0, nil
	}
	if leader {
		go func() {
			defer close(fl.done)
			defer c.finish(k, fl)
			defer func() {
				if r := recover(); r != nil {
					fl.err = errI
				}
			}()
			fl.v, fl.err = load(k)
		}()
	}
	<-fl.done
	return fl.v, fl.err
}
func (c *I1) unlockedLoad(k string, load func(string) (int, error)) (v int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fl := &flI{}
	c.flights[k] = fl
	func() {
		c.mu.Unlock()
		defer c.mu.Lock()
		v, err = load(k)
	}()
	if c.flights[k] == fl {
		delete(c.flights, k)
	}
	return
}
func (c *I1) Unlocked(k string, load func(string) (int, error)) (int, error) {
	return c.unlockedLoad(k, load)
}

// panics rethrown by hand
func (c *I1) Rethrow(k string, load func(string) (int, error)) (v int, err error) {
	fl := &flI{done: make(chan struct{})}
	c.mu.Lock()
	c.flights[k] = fl
	c.mu.Unlock()
	defer func() {
		r := recover()
		c.mu.Lock()
		if c.flights[k] == fl {
			delete(c.flights, k)
		}
		if r != nil {
			fl.err = errI
		}
		c.mu.Unlock()
		close(fl.done)
		if r != nil {
			panic(r)
		}
	}()
	fl.v, fl.err = load(k)
	return fl.v, fl.err
}

// attempts struct: retry loop with flights that were overtaken
func (c *I1) Retry(k string) int {
	for attempt := 0; ; attempt++ {
		c.mu.RLock()
		fl := c.flights[k]
		e := c.m[k]
		c.mu.RUnlock()
		switch {
		case e != nil:
			return e.Value.(int)
		case fl != nil:
			<-fl.done
			continue
		}
		c.mu.Lock()
		if c.flights[k] != nil || c.m[k] != nil {
			c.mu.Unlock()
			continue
		}
		c.flights[k] = &flI{done: make(chan struct{})}
		c.mu.Unlock()
		return 0
	}
}
func (c *I1) Retry2(k string) int {
again:
	c.mu.RLock()
	e, ok := c.m[k]
	c.mu.RUnlock()
	if ok {
		return e.Value.(int)
	}
	c.mu.Lock()
	if _, ok := c.m[k]; ok {
		c.mu.Unlock()
		goto again
	}
	c.m[k] = c.l.PushBack(1)
	c.mu.Unlock()
	return 1
}
func (c *I1) Version(k string) int {
	for {
		c.mu.RLock()
		h := c.stats.h
		n := c.l.Len()
		c.mu.RUnlock()
		c.mu.Lock()
		if h == c.stats.h {
			c.stats.h++
			c.mu.Unlock()
			return n
		}
		c.mu.Unlock()
	}
}

// ring buffer by index with atomics for size
type I2 struct {
	mu   sync.Mutex
	buf  []int
	head int
	n    int
	size atomic.Int32
	full *sync.Cond
	room *sync.Cond
}

func NewI2(k int) *I2 {
	r := &I2{buf: make([]int, k)}
	r.full, r.room = sync.NewCond(&r.mu), sync.NewCond(&r.mu)
	return r
}
func (r *I2) Put(x int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.n == len(r.buf) {
		r.room.Wait()
	}
	r.buf[(r.head+r.n)%len(r.buf)] = x
	r.n++
	r.size.Store(int32(r.n))
	r.full.Signal()
}
func (r *I2) Take() (x int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.n == 0 {
		r.full.Wait()
	}
	x, r.head, r.n = r.buf[r.head], (r.head+1)%len(r.buf), r.n-1
	r.size.Store(int32(r.n))
	r.room.Signal()
	return x
}
func (r *I2) Cap() int { return len(r.buf) }
func (r *I2) Len() int { return int(r.size.Load()) }

// shard with its own lock inside slice of struct values, accessed by pointer
type I3 struct {
	shards []struct {
		sync.Mutex
		m map[string]int
	}
	total atomic.Int64
	all   sync.RWMutex
}

func (c *I3) Put(i int, k string) {
	c.all.RLock()
	defer c.all.RUnlock()
	s := &c.shards[i]
	s.Lock()
	defer s.Unlock()
	if s.m == nil {
		s.m = make(map[string]int)
	}
	s.m[k]++
	c.total.Add(1)
}
func (c *I3) Clear() {
	c.all.Lock()
	defer c.all.Unlock()
	for i := range c.shards {
		clear(c.shards[i].m)
	}
	c.total.Store(0)
}
func (c *I3) Snapshot() map[string]int {
	for i := range c.shards {
		c.shards[i].Lock()
	}
	defer func() {
		for i := range c.shards {
			c.shards[i].Unlock()
		}
	}()
	out := map[string]int{}
	for i := range c.shards {
		for k, v := range c.shards[i].m {
			out[k] += v
		}
	}
	return out
}

// named shard type with global write lock alternative
type shI struct {
	mu sync.Mutex
	m  map[string]int
	n  int
}
type I4 struct {
	all    sync.RWMutex
	shards []*shI
}

func (c *I4) Put(i int, k string) {
	c.all.RLock()
	defer c.all.RUnlock()
	c.shards[i].put(k)
}
func (s *shI) put(k string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[k]++
	s.n++
}
func (c *I4) Clear() {
	c.all.Lock()
	defer c.all.Unlock()
	for _, s := range c.shards {
		s.reset()
	}
}
func (s *shI) reset() { s.m = map[string]int{}; s.n = 0 }
func (c *I4) Len() (n int) {
	c.all.Lock()
	defer c.all.Unlock()
	for _, s := range c.shards {
		n += s.n
	}
	return
}
