// Caches that are made by their first use, drained, locked hand over hand.
package cache

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// lazily made by Once
type F1 struct {
	once sync.Once
	mu   sync.Mutex
	m    map[string]int
	cap  int
	cond *sync.Cond
}

func (c *F1) init() { c.m = map[string]int{}; c.cap = 8; c.cond = sync.NewCond(&c.mu) }
func (c *F1) Get(k string) int {
	c.once.Do(c.init)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m[k]
}
func (c *F1) Put(k string, v int) {
	c.once.Do(c.init)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[k] = v
	c.cond.Broadcast()
}
func (c *F1) Clear() {
	c.once.Do(c.init)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m = map[string]int{}
}

type F2 struct {
	once sync.Once
	mu   sync.Mutex
	m    map[string]int
	n    int
}

func (c *F2) ready() *F2 {
	c.once.Do(func() { c.m = map[string]int{}; c.n = 1 })
	return c
}
func (c *F2) Get(k string) int {
	c.ready().mu.Lock()
	defer c.mu.Unlock()
	return c.m[k] + c.n
}
func (c *F2) Put(k string, v int) {
	c.ready()
	c.mu.Lock()
	c.m[k] = v
	c.n++
	c.mu.Unlock()
}
func (c *F2) Clear() {
	c.ready()
	c.mu.Lock()
	c.m, c.n = map[string]int{}, 0
	c.mu.Unlock()
}

// sorted view, made once under the read lock
type view struct {
	once   sync.Once
	sorted []string
}
type F3 struct {
	mu   sync.RWMutex
	m    map[string]int
	view *view
	once sync.Once
	keys []string
	gen  atomic.Int64
}

func (c *F3) Sorted() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	c.view.once.Do(func() { c.view.sorted = slices.Sorted(maps.Keys(c.m)) })
	return slices.Clone(c.view.sorted)
}
func (c *F3) Keys() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	c.once.Do(func() { c.keys = slices.Sorted(maps.Keys(c.m)) })
	return slices.Clone(c.keys)
}
func (c *F3) Put(k string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[k]++
	c.view = new(view)
	c.once = sync.Once{}
	c.keys = nil
}

// drains
type bag struct {
	items []string
	seen  map[string]bool
}
type F4 struct {
	mu    sync.Mutex
	items []string
	b     bag
	p     *bag
}

func (c *F4) Add(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items = append(c.items, s)
	c.b.items = append(c.b.items, s)
	c.p.items = append(c.p.items, s)
}
func (c *F4) reset() { c.items = nil }
func (c *F4) Drain() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.reset()
	return c.items
}
func (c *F4) Drain2() []string {
	c.mu.Lock()
	defer func() { c.items = nil; c.mu.Unlock() }()
	return c.items
}
func (c *F4) Drain3() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	items := c.b.items
	c.b = bag{}
	return items
}
func (c *F4) Drain4() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	items := c.p.items
	*c.p = bag{}
	return items
}
func (c *F4) Drain5() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.p
	c.p = &bag{}
	return old.items
}
func (c *F4) Drain6() (items []string) {
	c.mu.Lock()
	items, c.items = c.items, items
	c.mu.Unlock()
	return
}
func (c *F4) Snapshot() ([]string, map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.b
	b.items = slices.Clone(b.items)
	b.seen = maps.Clone(b.seen)
	return b.items, b.seen
}
func (c *F4) Sorted() []string {
	c.mu.Lock()
	items := c.items[:len(c.items):len(c.items)]
	out := make([]string, 0, len(items))
	for _, s := range items {
		out = append(out, s)
	}
	c.mu.Unlock()
	slices.SortFunc(out, func(a, b string) int { return cmp.Compare(a, b) })
	return out
}
func (c *F4) AppendTo(dst []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append(dst, c.items...)
}

// two locks: writer holds both, reader one of them
type F5 struct {
	writers sync.Mutex
	readers sync.RWMutex
	n       int
	m       map[string]int
	log     []string
}

func (c *F5) Put(k string) {
	c.writers.Lock()
	defer c.writers.Unlock()
	v := c.m[k] + 1
	c.log = append(c.log, k)
	c.readers.Lock()
	c.m[k] = v
	c.n++
	c.readers.Unlock()
}
func (c *F5) Get(k string) int { c.readers.RLock(); defer c.readers.RUnlock(); return c.m[k] + c.n }
func (c *F5) Last() string {
	c.writers.Lock()
	defer c.writers.Unlock()
	return c.log[c.n-1]
}

// deferred in closures, defer order
type F6 struct {
	mu   sync.Mutex
	m    map[string]int
	subs []func(int)
	done chan struct{}
}

func (c *F6) Update(k string) (n int) {
	var subs []func(int)
	defer func() {
		for _, s := range subs {
			s(n)
		}
	}()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[k]++
	subs = slices.Clone(c.subs)
	return c.m[k]
}
func (c *F6) Each(f func(string, int) bool) {
	c.mu.Lock()
	m := maps.Clone(c.m)
	c.mu.Unlock()
	for k, v := range m {
		if !f(k, v) {
			break
		}
	}
}
func (c *F6) Loop(keys []string) {
	for _, k := range keys {
		func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.m[k]++
		}()
	}
}
func (c *F6) Cond(k string, lock bool) int {
	if lock {
		c.mu.Lock()
		defer c.mu.Unlock()
	}
	return c.m[k]
}
func (c *F6) All(keys ...string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range keys {
		n += c.Cond(k, false)
	}
	return
}

// Swap of once and snapshot reuse
type F7 struct {
	mu      sync.Mutex
	current *flightF
	gen     int
}
type flightF struct {
	do  func() (int, error)
	gen int
}

func (c *F7) Load(f func() (int, error)) (int, error) {
	c.mu.Lock()
	fl := c.current
	if fl == nil || fl.gen != c.gen {
		fl = &flightF{gen: c.gen}
		fl.do = sync.OnceValues(func() (int, error) {
			v, err := f()
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.current == fl {
				c.current = nil
			}
			return v, err
		})
		c.current = fl
	}
	c.mu.Unlock()
	return fl.do()
}
func (c *F7) Bump() { c.mu.Lock(); c.gen++; c.mu.Unlock() }

// hand over hand on a linked list
type nodeF struct {
	mu   sync.Mutex
	next *nodeF
	k    string
	v    int
}
type F8 struct{ head nodeF }

func (c *F8) Put(k string, v int) {
	prev := &c.head
	prev.mu.Lock()
	for prev.next != nil && prev.next.k < k {
		next := prev.next
		next.mu.Lock()
		prev.mu.Unlock()
		prev = next
	}
	prev.next = &nodeF{k: k, v: v, next: prev.next}
	prev.mu.Unlock()
}
func (c *F8) Get(k string) (int, bool) {
	c.head.mu.Lock()
	n := &c.head
	for n.next != nil {
		next := n.next
		next.mu.Lock()
		n.mu.Unlock()
		n = next
		if n.k == k {
			v := n.v
			n.mu.Unlock()
			return v, true
		}
	}
	n.mu.Unlock()
	return 0, false
}
