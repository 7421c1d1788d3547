package cache

import "sync"

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
	n, err := load(key) // want
	if err == nil {
		c.entries[key] = n
	}
	return n, err
}

func (c *Cache) OnClear(f func() error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.later = append(c.later, f)
}

func (c *Cache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
	c.notify()
}

func (c *Cache) notify() {
	for _, f := range c.later {
		_ = f() // want
	}
}

type result struct {
	n   int
	err error
}

func (c *Cache) Do(task func() (int, error)) error {
	c.mu.Lock()
	r := call(task)
	c.entries["last"] = r.n
	c.mu.Unlock()
	return r.err
}

func call(task func() (int, error)) (r result) {
	r.n, r.err = task() // want
	return r
}
