package counter

import "sync"

type Counter struct {
	total uint64
	names map[string]int
}

func (c *Counter) Increment() {
	var mu sync.Mutex
	mu.Lock() // want
	defer mu.Unlock()
	c.total++
}

func (c *Counter) Name(name string) {
	var once sync.Once
	once.Do(func() { c.names = map[string]int{} }) // want
	c.names[name]++
}

func (c *Counter) lock() *sync.Mutex { return new(sync.Mutex) }

func (c *Counter) Total() uint64 {
	mu := c.lock()
	mu.Lock() // want
	defer mu.Unlock()
	return c.total
}
