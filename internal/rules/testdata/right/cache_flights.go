// Single flight three ways: by channel, by WaitGroup, by Cond.
package cache

import (
	"errors"
	"sync"
)

var errPanicked = errors.New("load panicked")

type chanFlight[V any] struct {
	done chan struct{}
	val  V
	err  error
}

type ByChan[K comparable, V any] struct {
	mu      sync.RWMutex
	items   map[K]V
	flights map[K]*chanFlight[V]
}

func (c *ByChan[K, V]) GetOrLoad(key K, load func(K) (V, error)) (V, error) {
	c.mu.RLock()
	v, ok := c.items[key]
	c.mu.RUnlock()
	if ok {
		return v, nil
	}
	c.mu.Lock()
	if v, ok := c.items[key]; ok {
		c.mu.Unlock()
		return v, nil
	}
	if f := c.flights[key]; f != nil {
		c.mu.Unlock()
		<-f.done
		return f.val, f.err
	}
	f := &chanFlight[V]{done: make(chan struct{}), err: errPanicked}
	c.flights[key] = f
	c.mu.Unlock()
	defer c.land(key, f)
	f.val, f.err = load(key)
	return f.val, f.err
}

func (c *ByChan[K, V]) land(key K, f *chanFlight[V]) {
	c.mu.Lock()
	if c.flights[key] == f {
		delete(c.flights, key)
		if f.err == nil {
			c.items[key] = f.val
		}
	}
	c.mu.Unlock()
	close(f.done)
}

func (c *ByChan[K, V]) Delete(key K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, key)
	_, ok := c.items[key]
	delete(c.items, key)
	return ok
}

type wgFlight[V any] struct {
	wg  sync.WaitGroup
	val V
	err error
}

type ByWaitGroup[K comparable, V any] struct {
	mu      sync.Mutex
	items   map[K]V
	flights map[K]*wgFlight[V]
}

func (c *ByWaitGroup[K, V]) GetOrLoad(key K, load func(K) (V, error)) (v V, err error) {
	c.mu.Lock()
	if v, ok := c.items[key]; ok {
		c.mu.Unlock()
		return v, nil
	}
	f, waiting := c.flights[key]
	if !waiting {
		f = &wgFlight[V]{err: errPanicked}
		f.wg.Add(1)
		c.flights[key] = f
	}
	c.mu.Unlock()
	if waiting {
		f.wg.Wait()
		return f.val, f.err
	}
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.flights[key] == f {
			delete(c.flights, key)
			if f.err == nil {
				c.items[key] = f.val
			}
		}
		f.wg.Done()
	}()
	f.val, f.err = load(key)
	return f.val, f.err
}

type condFlight[V any] struct {
	ended bool
	val   V
	err   error
}

type ByCond[K comparable, V any] struct {
	mu      sync.Mutex
	landed  *sync.Cond
	items   map[K]V
	flights map[K]*condFlight[V]
}

func NewByCond[K comparable, V any]() *ByCond[K, V] {
	c := &ByCond[K, V]{items: map[K]V{}, flights: map[K]*condFlight[V]{}}
	c.landed = sync.NewCond(&c.mu)
	return c
}

func (c *ByCond[K, V]) GetOrLoad(key K, load func(K) (V, error)) (V, error) {
	c.landed.L.Lock()
	defer c.landed.L.Unlock()
	if v, ok := c.items[key]; ok {
		return v, nil
	}
	if f, ok := c.flights[key]; ok {
		for !f.ended {
			c.landed.Wait()
		}
		return f.val, f.err
	}
	f := &condFlight[V]{err: errPanicked}
	c.flights[key] = f
	c.fly(key, f, load)
	return f.val, f.err
}

// fly is called with the lock held and holds it again at its end, come what may.
func (c *ByCond[K, V]) fly(key K, f *condFlight[V], load func(K) (V, error)) {
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		f.ended = true
		if c.flights[key] == f {
			delete(c.flights, key)
			if f.err == nil {
				c.items[key] = f.val
			}
		}
		c.landed.Broadcast()
	}()
	f.val, f.err = load(key)
}
