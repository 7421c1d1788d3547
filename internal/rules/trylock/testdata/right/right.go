package counter

import "sync"

type Counter struct {
	mu      sync.Mutex
	total   int
	tidy    sync.Mutex
	history []int
}

func (c *Counter) Increment() {
	if !c.mu.TryLock() {
		c.mu.Lock()
	}
	c.total++
	c.history = append(c.history, c.total)
	c.mu.Unlock()
	c.trim()
}

// trim is done by whoever comes first.
func (c *Counter) trim() {
	if !c.tidy.TryLock() {
		return
	}
	defer c.tidy.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.history) > 10 {
		c.history = c.history[len(c.history)-10:]
	}
}

// TryAdd says whether it worked.
func (c *Counter) TryAdd(n int) bool {
	if !c.mu.TryLock() {
		return false
	}
	defer c.mu.Unlock()
	c.total += n
	return true
}
