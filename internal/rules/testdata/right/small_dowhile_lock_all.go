package counter

import "sync"

type cell struct {
	mu sync.Mutex
	n  uint64
}
type Counter struct{ cells []cell }

func (c *Counter) unlockAll() {
	for i := range c.cells {
		c.cells[i].mu.Unlock()
	}
}

func (c *Counter) Reset() {
	i := 0
next:
	c.cells[i].mu.Lock()
	if i++; i < len(c.cells) {
		goto next
	}
	defer c.unlockAll()
	for i := range c.cells {
		c.cells[i].n = 0
	}
}
