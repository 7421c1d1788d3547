// A read lock that a helper exchanges for the write lock and back, a clone that
// is changed before anybody sees it, and a helper's object used under the lock
// of the package.
package cache

import "sync"

type Cache struct {
	mu      sync.RWMutex
	entries map[string]int
	limit   int
}

func (c *Cache) Get(key string) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if _, ok := c.entries[key]; !ok {
		c.fillReadLocked(key)
	}
	return c.entries[key]
}

// fillReadLocked is called with the read lock held, and holds it at its end.
func (c *Cache) fillReadLocked(key string) {
	c.mu.RUnlock()
	defer c.mu.RLock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[key]; !ok {
		c.entries[key] = c.limit
	}
}

func (c *Cache) SetLimit(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = n
}

func (c *Cache) Clone() *Cache {
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return &Cache{entries: map[string]int{}, limit: c.limit}
}

func (c *Cache) Bigger() *Cache {
	d := c.Clone()
	d.limit++
	return d
}

type reader struct {
	data []byte
	at   int
}

func (r *reader) next() byte {
	b := r.data[r.at]
	r.at++
	return b
}

var loadMu sync.Mutex

var loaded byte

func Load(data []byte) {
	loadMu.Lock()
	defer loadMu.Unlock()
	r := open(data)
	loaded = r.next()
}

func Peek(data []byte) byte {
	r := open(data)
	return r.next()
}

func open(data []byte) *reader {
	r, _ := opened(data)
	return r
}

func opened(data []byte) (*reader, error) { return &reader{data: data}, nil }
