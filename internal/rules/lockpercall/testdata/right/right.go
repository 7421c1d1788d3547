package counter

import "sync"

type Counter struct {
	mu    sync.Mutex
	total uint64
}

func (c *Counter) Increment() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
}

// Sum starts goroutines of its own, which share the lock of this call.
func Sum(parts [][]uint64) uint64 {
	var (
		mu  sync.Mutex
		wg  sync.WaitGroup
		sum uint64
	)
	for _, part := range parts {
		wg.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			for _, n := range part {
				sum += n
			}
		})
	}
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	return sum
}
