package cache

import "sync"

type latch struct {
	mu    sync.Mutex
	cond  *sync.Cond
	open  bool
	value int
}

func newLatch() *latch { l := new(latch); l.cond = sync.NewCond(&l.mu); return l }

func (l *latch) fill(n int) {
	l.value = n // but nobody reads it before open is seen under mu
	l.mu.Lock()
	l.open = true
	l.mu.Unlock()
	l.cond.Broadcast()
}

func (l *latch) await() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.open {
		l.cond.Wait()
	}
	return l.value
}

type Cache struct{ flights map[string]*latch }

func (c *Cache) Land(key string, n int) { c.flights[key].fill(n) }
func (c *Cache) Share(key string) int   { return c.flights[key].await() }
