package counter

import "sync"

var mu sync.Mutex

type Counter struct{ total int }

func (c *Counter) Increment() {
	mu.Lock()
	defer mu.Unlock()
	c.total++ // want
}
