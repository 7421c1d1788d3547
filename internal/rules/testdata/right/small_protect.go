package cache

import (
	"errors"
	"sync"
)

type Cache struct {
	mu sync.Mutex
	m  map[string]int
}

func protect(f func() (int, error)) (n int, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("panic")
		}
	}()
	return f()
}

func (c *Cache) GetOrLoad(key string, load func(string) (int, error)) (int, error) {
	n, err := protect(func() (int, error) { return load(key) })
	c.mu.Lock()
	defer c.mu.Unlock()
	return protect(func() (int, error) {
		if err == nil {
			c.m[key] = n
		}
		return n, err
	})
}

func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.m)
}
