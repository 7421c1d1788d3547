package cache

import (
	"slices"
	"sync"
)

type Cache struct {
	mu      sync.Mutex
	entries map[string]int
	later   []func() error
}

func (c *Cache) GetOrLoad(key string, load func(string) (int, error)) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, ok := c.entries[key]; ok {
		return n, nil
	}
	n, err := c.unlocked(func() (int, error) { return load(key) })
	if err == nil {
		c.entries[key] = n
	}
	return n, err
}

// unlocked is called with the lock held and gives it back for the call.
func (c *Cache) unlocked(f func() (int, error)) (int, error) {
	c.mu.Unlock()
	defer c.mu.Lock()
	return f()
}

// locked runs a function of our own with the lock held.
func (c *Cache) locked(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *Cache) OnClear(f func() error) {
	c.locked(func() { c.later = append(c.later, f) })
}

func (c *Cache) Clear() {
	c.mu.Lock()
	clear(c.entries)
	later := slices.Clone(c.later)
	c.mu.Unlock()
	for _, f := range later {
		_ = f()
	}
}
