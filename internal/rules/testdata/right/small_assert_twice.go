package counter

import "sync"

type cell struct {
	mu sync.Mutex
	n  uint64
}
type Counter struct{ cells sync.Map }

func (c *Counter) Add(key string) {
	x, _ := c.cells.LoadOrStore(key, new(cell))
	x.(*cell).mu.Lock()
	defer x.(*cell).mu.Unlock()
	x.(*cell).n++
}
