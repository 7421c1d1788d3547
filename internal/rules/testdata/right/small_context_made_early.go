package cache

import (
	"context"
	"sync"
)

type Cache struct {
	mu      sync.Mutex
	flights map[string]context.Context
}

func (c *Cache) Load(key string, load func(string)) {
	ctx, cancel := context.WithCancelCause(context.Background()) // nothing leaks, there is no parent
	c.mu.Lock()
	if f := c.flights[key]; f != nil {
		c.mu.Unlock()
		<-f.Done()
		return
	}
	c.flights[key] = ctx
	c.mu.Unlock()
	defer cancel(nil)
	load(key)
}
