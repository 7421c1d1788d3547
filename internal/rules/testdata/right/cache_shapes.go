// Caches: shards, locks by key, flights of many kinds, heaps, snapshots.
package cache

import (
	"container/heap"
	"container/list"
	"context"
	"errors"
	"hash/maphash"
	"iter"
	"maps"
	"runtime"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// sharding in index order
type shard struct {
	mu sync.RWMutex
	m  map[string]int
	n  int
}
type D1 struct {
	seed   maphash.Seed
	shards [16]shard
	ptrs   []*shard
	size   atomic.Int64
}

func NewD1() *D1 {
	c := &D1{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].m = map[string]int{}
		c.ptrs = append(c.ptrs, &c.shards[i])
	}
	return c
}
func (c *D1) of(k string) *shard { return &c.shards[maphash.String(c.seed, k)%16] }
func (c *D1) Get(k string) int {
	s := c.of(k)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.m[k]
}
func (c *D1) Put(k string, v int) {
	s := c.of(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.m[k]; !ok {
		s.n++
		c.size.Add(1)
	}
	s.m[k] = v
}
func (c *D1) lockAll() (unlock func()) {
	for i := range c.shards {
		c.shards[i].mu.Lock()
	}
	return func() {
		for i := len(c.shards) - 1; i >= 0; i-- {
			c.shards[i].mu.Unlock()
		}
	}
}
func (c *D1) Clear() {
	defer c.lockAll()()
	for i := range c.shards {
		clear(c.shards[i].m)
		c.shards[i].n = 0
	}
	c.size.Store(0)
}
func (c *D1) Len() (n int) {
	for _, s := range c.ptrs {
		s.mu.RLock()
		defer s.mu.RUnlock()
		n += s.n
	}
	return n
}
func (c *D1) Sum() (n int) {
	for _, s := range c.ptrs {
		n += func() int { s.mu.RLock(); defer s.mu.RUnlock(); return len(s.m) }()
	}
	return n
}
func (c *D1) Move(from, to string) {
	a, b := c.of(from), c.of(to)
	if a == b {
		a.mu.Lock()
		defer a.mu.Unlock()
	} else {
		i, j := slices.Index(c.ptrs, a), slices.Index(c.ptrs, b)
		first, second := a, b
		if i > j {
			first, second = b, a
		}
		first.mu.Lock()
		defer first.mu.Unlock()
		second.mu.Lock()
		defer second.mu.Unlock()
	}
	b.m[to] = a.m[from]
	delete(a.m, from)
}

// per-key locks from a map
type keyLock struct {
	mu   sync.Mutex
	refs int
}
type D2 struct {
	mu    sync.Mutex
	locks map[string]*keyLock
	m     map[string]int
}

func (c *D2) lockKey(k string) func() {
	c.mu.Lock()
	l := c.locks[k]
	if l == nil {
		l = new(keyLock)
		c.locks[k] = l
	}
	l.refs++
	c.mu.Unlock()
	l.mu.Lock()
	return func() {
		l.mu.Unlock()
		c.mu.Lock()
		if l.refs--; l.refs == 0 {
			delete(c.locks, k)
		}
		c.mu.Unlock()
	}
}
func (c *D2) Load(k string, f func() (int, error)) (int, error) {
	defer c.lockKey(k)()
	c.mu.Lock()
	v, ok := c.m[k]
	c.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := f()
	if err == nil {
		c.mu.Lock()
		c.m[k] = v
		c.mu.Unlock()
	}
	return v, err
}

// flights by Once, OnceValues, mutex latch, WaitGroup, context
type flight struct {
	once sync.Once
	wg   sync.WaitGroup
	v    int
	err  error
	done chan struct{}
	dead bool
	ctx  context.Context
	land context.CancelFunc
}
type D3 struct {
	mu      sync.Mutex
	flights map[string]*flight
	values  map[string]func() (int, error)
	m       map[string]int
}

func (c *D3) Once(k string, f func() (int, error)) (int, error) {
	c.mu.Lock()
	fl, ok := c.flights[k]
	if !ok {
		fl = new(flight)
		c.flights[k] = fl
	}
	c.mu.Unlock()
	fl.once.Do(func() {
		fl.v, fl.err = f()
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.flights[k] == fl {
			delete(c.flights, k)
			if fl.err == nil {
				c.m[k] = fl.v
			}
		}
	})
	return fl.v, fl.err
}
func (c *D3) OnceValues(k string, f func() (int, error)) (int, error) {
	c.mu.Lock()
	get, ok := c.values[k]
	if !ok {
		get = sync.OnceValues(f)
		c.values[k] = get
	}
	c.mu.Unlock()
	v, err := get()
	c.mu.Lock()
	delete(c.values, k)
	c.mu.Unlock()
	return v, err
}
func (c *D3) Wg(k string, f func() (int, error)) (int, error) {
	c.mu.Lock()
	if fl, ok := c.flights[k]; ok {
		c.mu.Unlock()
		fl.wg.Wait()
		return fl.v, fl.err
	}
	fl := new(flight)
	fl.wg.Add(1)
	c.flights[k] = fl
	c.mu.Unlock()
	defer fl.wg.Done()
	fl.v, fl.err = f()
	return fl.v, fl.err
}
func (c *D3) Ctx(k string, f func() (int, error)) (int, error) {
	c.mu.Lock()
	if fl, ok := c.flights[k]; ok {
		c.mu.Unlock()
		<-fl.ctx.Done()
		return fl.v, fl.err
	}
	fl := new(flight)
	fl.ctx, fl.land = context.WithCancel(context.Background())
	c.flights[k] = fl
	c.mu.Unlock()
	defer fl.land()
	fl.v, fl.err = f()
	return fl.v, fl.err
}
func (c *D3) Cancel(k string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if fl := c.flights[k]; fl != nil {
		fl.dead = true
		delete(c.flights, k)
	}
}

// TryLock with fallback; bounded spin
type D4 struct {
	mu   sync.Mutex
	n    int
	slow atomic.Int64
}

func (c *D4) lock() {
	if c.mu.TryLock() {
		return
	}
	c.slow.Add(1)
	c.mu.Lock()
}
func (c *D4) lockSpin() {
	for range 8 {
		if c.mu.TryLock() {
			return
		}
		runtime.Gosched()
	}
	c.mu.Lock()
}
func (c *D4) lockSpin2() {
	for i := 0; i < 8; i++ {
		if c.mu.TryLock() {
			return
		}
		runtime.Gosched()
	}
	c.mu.Lock()
}
func (c *D4) Inc()  { c.lock(); defer c.mu.Unlock(); c.n++ }
func (c *D4) Inc2() { c.lockSpin(); c.n++; c.mu.Unlock() }
func (c *D4) Inc4() { c.lockSpin2(); c.n++; c.mu.Unlock() }
func (c *D4) Inc3() {
	if !c.mu.TryLock() {
		runtime.Gosched()
		c.mu.Lock()
	}
	defer c.mu.Unlock()
	c.n++
}
func (c *D4) Get() int {
	ok := c.mu.TryLock()
	if !ok {
		c.mu.Lock()
	}
	n := c.n
	c.mu.Unlock()
	return n
}

// iterators, comparators, heap
type item struct {
	k   string
	age int
	at  int
}
type byAge []*item

func (h byAge) Len() int           { return len(h) }
func (h byAge) Less(i, j int) bool { return h[i].age < h[j].age }
func (h byAge) Swap(i, j int)      { h[i], h[j] = h[j], h[i]; h[i].at, h[j].at = i, j }
func (h *byAge) Push(x any)        { it := x.(*item); it.at = len(*h); *h = append(*h, it) }
func (h *byAge) Pop() any          { o := *h; it := o[len(o)-1]; *h = o[:len(o)-1]; return it }

type D5 struct {
	mu    sync.Mutex
	h     byAge
	m     map[string]*item
	order []string
	clock int
}

func (c *D5) Put(k string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock++
	if it, ok := c.m[k]; ok {
		it.age = c.clock
		heap.Fix(&c.h, it.at)
		return
	}
	it := &item{k: k, age: c.clock}
	c.m[k] = it
	heap.Push(&c.h, it)
	c.order = append(c.order, k)
	slices.SortFunc(c.order, func(a, b string) int { return c.m[a].age - c.m[b].age })
	sort.Slice(c.order, func(i, j int) bool { return c.m[c.order[i]].age < c.m[c.order[j]].age })
	maps.DeleteFunc(c.m, func(k string, it *item) bool { return it.age < c.clock-10 })
	c.order = slices.DeleteFunc(c.order, func(k string) bool { _, ok := c.m[k]; return !ok })
}
func (c *D5) Keys() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.m))
}
func (c *D5) Order() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.order
	out = slices.Clone(out)
	return out
}
func (c *D5) Order2() (out []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out = make([]string, len(c.order))
	copy(out, c.order)
	return
}
func (c *D5) Order3() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.order) == 0 {
		return nil
	}
	return append(make([]string, 0, len(c.order)), c.order...)
}
func (c *D5) Map() map[string]*item { c.mu.Lock(); defer c.mu.Unlock(); return maps.Clone(c.m) }
func (c *D5) Take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.order
	c.order = nil
	return out
}
func (c *D5) all() iter.Seq[*item] {
	return func(yield func(*item) bool) {
		for _, it := range c.m {
			if !yield(it) {
				return
			}
		}
	}
}
func (c *D5) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		c.mu.Lock()
		keys := slices.Collect(maps.Keys(c.m))
		c.mu.Unlock()
		for _, k := range keys {
			if !yield(k) {
				return
			}
		}
	}
}
func (c *D5) Oldest() (k string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for it := range c.all() {
		if k == "" || it.age < c.m[k].age {
			k = it.k
		}
	}
	return
}

// snapshots, named results, type alias, generics embedded
type stats struct{ hits, misses, evictions uint64 }
type Stats = stats
type base[K comparable, V any] struct {
	mu    sync.Mutex
	m     map[K]V
	stats Stats
}

func (b *base[K, V]) withLocked(f func()) { b.mu.Lock(); defer b.mu.Unlock(); f() }
func (b *base[K, V]) getLocked(k K) (v V, ok bool) {
	if v, ok = b.m[k]; ok {
		b.stats.hits++
	} else {
		b.stats.misses++
	}
	return
}

type D6[K comparable, V any] struct {
	base[K, V]
	capacity int
	order    *list.List
}

func NewD6[K comparable, V any](n int) *D6[K, V] {
	c := &D6[K, V]{capacity: n}
	c.reset()
	return c
}
func (c *D6[K, V]) reset() { c.m = map[K]V{}; c.stats = Stats{}; c.order = list.New() }
func (c *D6[K, V]) Get(k K) (v V, ok bool) {
	c.withLocked(func() { v, ok = c.getLocked(k) })
	return
}
func (c *D6[K, V]) Put(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.m[k]; ok {
		c.m[k] = v
		return
	}
	for len(c.m) >= c.capacity {
		c.evictLocked()
	}
	c.m[k] = v
	c.order.PushBack(k)
}
func (c *D6[K, V]) evictLocked() {
	e := c.order.Front()
	delete(c.m, c.order.Remove(e).(K))
	c.stats.evictions++
}
func (c *D6[K, V]) Stats() (s Stats, n int) {
	c.mu.Lock()
	s, n = c.stats, len(c.m)
	c.mu.Unlock()
	return
}
func (c *D6[K, V]) Clear()        { c.mu.Lock(); defer c.mu.Unlock(); c.reset() }
func (c *D6[K, V]) Capacity() int { return c.capacity }

// copy-then-swap: whole state pointer under lock
type state struct {
	m     map[string]int
	stats Stats
	cap   int
}
type D7 struct {
	mu sync.RWMutex
	st *state
}

func newState(n int) *state { return &state{m: make(map[string]int, n), cap: n} }
func NewD7(n int) *D7       { return &D7{st: newState(n)} }
func (c *D7) Clear()        { c.mu.Lock(); defer c.mu.Unlock(); c.st = newState(c.st.cap) }
func (c *D7) Put(k string, v int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.st
	st.m[k] = v
	st.stats.hits++
}
func (c *D7) Stats() Stats {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.st.stats
}
func (c *D7) Swap() Stats {
	fresh := newState(4)
	c.mu.Lock()
	c.st, fresh = fresh, c.st
	c.mu.Unlock()
	return fresh.stats
}

// two critical sections that are a proper claim
var errBusy = errors.New("busy")

type D8 struct {
	mu      sync.Mutex
	closed  bool
	wake    *sync.Cond
	waiters []chan int
	n       int
	last    time.Time
	done    chan struct{}
}

func (c *D8) Close() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		<-c.done
		return
	}
	c.closed = true
	c.mu.Unlock()
	c.mu.Lock()
	ws := c.waiters
	c.waiters = nil
	c.mu.Unlock()
	for _, w := range ws {
		close(w)
	}
	close(c.done)
}
func (c *D8) Next() int {
	c.mu.Lock()
	if c.n > 0 {
		c.n--
		c.mu.Unlock()
		return 1
	}
	w := make(chan int, 1)
	c.waiters = append(c.waiters, w)
	c.mu.Unlock()
	return <-w
}
func (c *D8) Give() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiters) > 0 {
		w := c.waiters[0]
		c.waiters = c.waiters[1:]
		w <- 1
		return
	}
	c.n++
}

// unlock on each path with labels
type D9 struct {
	mu sync.Mutex
	m  map[int][]int
	ch chan int
}

func (c *D9) Find(x int) (int, bool) {
	c.mu.Lock()
outer:
	for k, vs := range c.m {
		for _, v := range vs {
			switch {
			case v < 0:
				continue outer
			case v > 100:
				break outer
			case v == x:
				c.mu.Unlock()
				return k, true
			}
		}
	}
	c.mu.Unlock()
	return 0, false
}
func (c *D9) Serve() {
	for {
		c.mu.Lock()
		select {
		case x, ok := <-c.ch:
			if !ok {
				c.mu.Unlock()
				return
			}
			c.m[x] = nil
		default:
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
	}
}
func (c *D9) MustPanic(x int) {
	c.mu.Lock()
	if x < 0 {
		c.mu.Unlock()
		panic("negative")
	}
	c.m[x] = nil
	c.mu.Unlock()
}
func (c *D9) Rethrow(f func() error) (err error) {
	c.mu.Lock()
	defer func() {
		r := recover()
		c.mu.Unlock()
		if r != nil {
			panic(r)
		}
	}()
	c.m[1] = nil
	return nil
}

// globals
var (
	ids     atomic.Uint64
	idMu    sync.Mutex
	nextID  int
	byName  = map[string]int{"a": 1}
	scratch = sync.Pool{New: func() any { return new([]byte) }}
)

func init() { byName["b"] = 2 }

type D10 struct {
	mu sync.Mutex
	id int
	n  int
}

func NewD10() *D10 {
	idMu.Lock()
	nextID++
	c := &D10{id: nextID}
	idMu.Unlock()
	return c
}
func (c *D10) ID() int { return c.id + byName["a"] }
func Swap(a, b *D10) {
	if a == b {
		return
	}
	if a.id > b.id {
		a, b = b, a
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	a.n, b.n = b.n, a.n
}

// a flight that is a latched lock: who began it holds it until it has landed
type latched struct {
	mu  sync.RWMutex
	v   int
	err error
}
type D11 struct {
	mu      sync.Mutex
	flights map[string]*latched
}

func (c *D11) Latch(k string, f func() (int, error)) (int, error) {
	c.mu.Lock()
	if fl, ok := c.flights[k]; ok {
		c.mu.Unlock()
		fl.mu.RLock()
		defer fl.mu.RUnlock()
		return fl.v, fl.err
	}
	fl := &latched{}
	fl.mu.Lock()
	c.flights[k] = fl
	c.mu.Unlock()
	defer fl.mu.Unlock()
	fl.v, fl.err = f()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, k)
	return fl.v, fl.err
}
func (c *D11) takeOff(k string) *latched {
	fl := &latched{}
	fl.mu.Lock()
	c.flights[k] = fl
	return fl
}
func (c *D11) arrive(k string, fl *latched) {
	defer fl.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, k)
}
func (c *D11) Latch2(k string, f func() (int, error)) (int, error) {
	c.mu.Lock()
	if fl, ok := c.flights[k]; ok {
		c.mu.Unlock()
		fl.mu.RLock()
		defer fl.mu.RUnlock()
		return fl.v, fl.err
	}
	fl := c.takeOff(k)
	c.mu.Unlock()
	defer c.arrive(k, fl)
	fl.v, fl.err = f()
	return fl.v, fl.err
}
