package counter

import (
	"sync"
	"time"
)

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

// Watch shares the lock of this call with a timer, by way of a closure.
func Watch(events <-chan int) (last int) {
	var (
		mu    sync.Mutex
		stale bool
	)
	arm := func() {
		time.AfterFunc(time.Second, func() {
			mu.Lock()
			stale = true
			mu.Unlock()
		})
	}
	arm()
	for last = range events {
		mu.Lock()
		done := stale
		mu.Unlock()
		if done {
			break
		}
	}
	return last
}
