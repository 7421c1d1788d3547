// Package depth holds bugs of a known depth: the number of ordering constraints
// that are enough to show them.
package depth

import (
	"sync"
	"sync/atomic"
	"testing"
)

func both(a, b func()) {
	var wg sync.WaitGroup
	wg.Go(a)
	wg.Go(b)
	wg.Wait()
}

// Test1 fails if the load comes before the store.
func Test1(t *testing.T) {
	var x atomic.Int32
	both(func() { x.Store(1) }, func() {
		if x.Load() == 0 {
			t.Fail()
		}
	})
}

// Test2 fails if the load comes between the stores.
func Test2(t *testing.T) {
	var x atomic.Int32
	both(func() {
		x.Store(1)
		x.Store(0)
	}, func() {
		if x.Load() == 1 {
			t.Fail()
		}
	})
}

// Test3 fails if the first load comes between the stores of x, and the second
// after the store of y.
func Test3(t *testing.T) {
	var x, y atomic.Int32
	both(func() {
		x.Store(1)
		x.Store(0)
		y.Store(1)
	}, func() {
		if x.Load() == 1 && y.Load() == 1 {
			t.Fail()
		}
	})
}
