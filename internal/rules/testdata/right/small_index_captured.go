package counter

import "sync"

type cell struct {
	mu sync.Mutex
	n  uint64
}
type Counter struct{ cells [8]cell }

func (c *Counter) Add(h int) {
	i := h & 7
	c.cells[i].mu.Lock()
	defer func() { c.cells[i].mu.Unlock() }()
	c.cells[i].n++
}
