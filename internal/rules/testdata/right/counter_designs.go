// Counters: copy on write, packed words, RWMutex with helpers, striped under
// read locks.
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

type CopyOnWrite struct{ p atomic.Pointer[Stats] }

func NewCopyOnWrite() *CopyOnWrite {
	c := new(CopyOnWrite)
	c.p.Store(new(Stats))
	return c
}

func (c *CopyOnWrite) change(f func(s *Stats)) {
	for {
		old := c.p.Load()
		s := *old
		f(&s)
		if c.p.CompareAndSwap(old, &s) {
			return
		}
	}
}

func (c *CopyOnWrite) Increment() { c.change(func(s *Stats) { s.Total++ }) }

func (c *CopyOnWrite) Record(ok bool, d time.Duration) {
	c.change(func(s *Stats) {
		s.Total++
		if ok {
			s.Succeeded++
		} else {
			s.Failed++
		}
		s.ProcessingTime += max(d, 0)
	})
}

func (c *CopyOnWrite) Stats() Stats { return *c.p.Load() }

func (c *CopyOnWrite) Reset() Stats { return *c.p.Swap(new(Stats)) }

type Packed struct{ word atomic.Uint64 }

func (c *Packed) Record(ok bool) {
	if ok {
		c.word.Add(1)
		return
	}
	c.word.Add(1 << 32)
}

func (c *Packed) Reset() (ok, failed uint32) {
	w := c.word.Swap(0)
	return uint32(w), uint32(w >> 32)
}

// Locked stores its copy for readers under the lock, so that they need none.
type Locked struct {
	mu    sync.RWMutex
	stats Stats
	seen  atomic.Pointer[Stats]
	n     atomic.Int64
}

func (c *Locked) Increment() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Total++
	c.publish()
}

func (c *Locked) publish() {
	s := c.stats
	c.seen.Store(&s)
	c.n.Store(c.n.Load() + 1)
}

func (c *Locked) Stats() Stats {
	if s := c.seen.Load(); s != nil {
		return *s
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.stats
}

func (c *Locked) Reset() (was Stats) {
	c.with(func() {
		was, c.stats = c.stats, Stats{}
		c.publish()
	})
	return was
}

func (c *Locked) with(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// lock returns the way to unlock.
func (c *Locked) lock() func() {
	c.mu.Lock()
	return c.mu.Unlock
}

func (c *Locked) Fail() {
	defer c.lock()()
	c.stats.Failed++
	c.publish()
}

// Striped: many writers on stripes of their own, one reader who stops them all.
type Striped struct {
	all     sync.RWMutex
	stripes [8]stripe
	next    atomic.Uint32
}

type stripe struct {
	mu    sync.Mutex
	stats Stats
}

func (c *Striped) Increment() {
	c.all.RLock()
	defer c.all.RUnlock()
	s := &c.stripes[c.next.Add(1)%8]
	s.mu.Lock()
	s.stats.Total++
	s.mu.Unlock()
}

func (c *Striped) Stats() (sum Stats) {
	c.all.Lock()
	defer c.all.Unlock()
	for i := range c.stripes {
		s := &c.stripes[i]
		sum.Total += s.stats.Total
	}
	return sum
}
