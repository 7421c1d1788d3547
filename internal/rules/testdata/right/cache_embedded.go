// cache embedded: the cache embeds its mutex, nothing is deferred but the look for a panic; who overtakes a load marks it as stale; an intrusive list with a sentinel that lies in the cache.
package cache

import (
	"fmt"
	"sync"
)

// Stats is a consistent view of the counters of a cache.
type Stats struct {
	Hits, Misses, Evictions uint64
	Len, Capacity           int
}

// HitRate returns Hits/(Hits+Misses), or 0 if there were no lookups.
func (s Stats) HitRate() float64 {
	if s.Hits == 0 && s.Misses == 0 {
		return 0
	}
	return float64(s.Hits) / float64(s.Hits+s.Misses)
}

// Cache is a bounded FIFO cache, safe for concurrent use. The embedded mutex
// guards every other field.
type Cache[K comparable, V any] struct {
	sync.Mutex
	capacity int
	items    map[K]*node[K, V]
	root     node[K, V] // sentinel: root.next is the oldest, root.prev the newest
	loads    map[K]*loading[V]
	stats    Stats // without Len and Capacity
}

type node[K comparable, V any] struct {
	prev, next *node[K, V]
	key        K
	val        V
}

func (n *node[K, V]) unlink() {
	n.prev.next = n.next
	n.next.prev = n.prev
	n.prev, n.next = nil, nil
}

func (n *node[K, V]) linkBefore(at *node[K, V]) {
	n.prev, n.next = at.prev, at
	n.prev.next = n
	at.prev = n
}

// loading is a call of a load function.
type loading[V any] struct {
	done  chan struct{} // closed once val and err are final
	val   V
	err   error
	stale bool // overtaken; guarded by the mutex of the cache
}

// panicked is what those get who wait for a load that panics.
type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprintf("cache: load panicked: %v", p.value) }

// New returns an empty cache. It panics if capacity is less than 1.
func New[K comparable, V any](capacity int) *Cache[K, V] {
	if capacity < 1 {
		panic(fmt.Sprintf("cache: invalid capacity %d", capacity))
	}
	c := &Cache[K, V]{
		capacity: capacity,
		items:    map[K]*node[K, V]{},
		loads:    map[K]*loading[V]{},
	}
	c.root.prev, c.root.next = &c.root, &c.root
	return c
}

// Get looks key up.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.Lock()
	n := c.items[key]
	if n == nil {
		c.stats.Misses++
		c.Unlock()
		var zero V
		return zero, false
	}
	c.stats.Hits++
	val := n.val
	c.Unlock()
	return val, true
}

// Put stores val under key.
func (c *Cache[K, V]) Put(key K, val V) {
	c.Lock()
	c.overtake(key)
	c.insert(key, val)
	c.Unlock()
}

// GetOrLoad returns the value under key, or what load returns for it.
func (c *Cache[K, V]) GetOrLoad(key K, load func(K) (V, error)) (V, error) {
	c.Lock()
	if n := c.items[key]; n != nil {
		c.stats.Hits++
		val := n.val
		c.Unlock()
		return val, nil
	}
	c.stats.Misses++
	if l := c.loads[key]; l != nil {
		c.Unlock()
		<-l.done
		return l.val, l.err
	}
	l := &loading[V]{done: make(chan struct{})}
	c.loads[key] = l
	c.Unlock()

	defer func() {
		if r := recover(); r != nil {
			l.err = panicked{r}
			c.settle(key, l)
			panic(r)
		}
	}()
	l.val, l.err = load(key)
	c.settle(key, l)
	return l.val, l.err
}

// settle stores what was loaded, unless it was overtaken, and tells the waiters.
func (c *Cache[K, V]) settle(key K, l *loading[V]) {
	c.Lock()
	if !l.stale {
		delete(c.loads, key)
		if l.err == nil {
			c.insert(key, l.val)
		}
	}
	c.Unlock()
	close(l.done)
}

// Delete removes key and reports whether it was there.
func (c *Cache[K, V]) Delete(key K) bool {
	c.Lock()
	c.overtake(key)
	n := c.items[key]
	if n == nil {
		c.Unlock()
		return false
	}
	n.unlink()
	delete(c.items, key)
	c.Unlock()
	return true
}

// Len returns the number of entries.
func (c *Cache[K, V]) Len() int {
	c.Lock()
	n := len(c.items)
	c.Unlock()
	return n
}

// Stats returns a snapshot of the statistics.
func (c *Cache[K, V]) Stats() Stats {
	c.Lock()
	s := c.stats
	s.Len = len(c.items)
	c.Unlock()
	s.Capacity = c.capacity
	return s
}

// Clear removes all entries and zeroes the statistics.
func (c *Cache[K, V]) Clear() {
	c.Lock()
	for _, l := range c.loads {
		l.stale = true
	}
	clear(c.loads)
	clear(c.items)
	c.root.prev, c.root.next = &c.root, &c.root
	c.stats = Stats{}
	c.Unlock()
}

// overtake makes a load in flight stale. The cache is locked.
func (c *Cache[K, V]) overtake(key K) {
	if l := c.loads[key]; l != nil {
		l.stale = true
		delete(c.loads, key)
	}
}

// insert adds or replaces an entry. The cache is locked.
func (c *Cache[K, V]) insert(key K, val V) {
	if n := c.items[key]; n != nil {
		n.val = val
		return
	}
	if len(c.items) == c.capacity {
		oldest := c.root.next
		oldest.unlink()
		delete(c.items, oldest.key)
		c.stats.Evictions++
	}
	n := &node[K, V]{key: key, val: val}
	n.linkBefore(&c.root)
	c.items[key] = n
}
