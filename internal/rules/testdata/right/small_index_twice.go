package counter

import "sync"

type cell struct {
	mu sync.Mutex
	n  uint64
}
type Counter struct{ cells [8]cell }

func (c *Counter) Add(h uint32) {
	c.cells[h%8].mu.Lock()
	defer c.cells[h%8].mu.Unlock()
	c.cells[h%8].n++
}
