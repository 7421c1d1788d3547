package counter

import "sync"

type side struct {
	mu sync.Mutex
	n  uint64
}
type Counter struct{ left, right side }

func (c *Counter) Add(odd bool) {
	s := &c.left
	if odd {
		s = &c.right
	}
	s.mu.Lock()
	defer func() { s.mu.Unlock() }()
	s.n++
}
