// Package count holds tests whose schedules can be counted by hand. They wait
// for nothing, so that there is nothing to schedule but what they start.
package count

import (
	"sync/atomic"
	"testing"
)

func stores(n int, x *atomic.Int32) {
	for i := range n {
		x.Store(int32(i))
	}
}

func TestOneOne(t *testing.T) {
	var x atomic.Int32
	go stores(1, &x)
	go stores(1, &x)
}

func TestTwoTwo(t *testing.T) {
	var x atomic.Int32
	go stores(2, &x)
	go stores(2, &x)
}

func TestThreeThree(t *testing.T) {
	var x atomic.Int32
	go stores(3, &x)
	go stores(3, &x)
}

func TestOneOneOne(t *testing.T) {
	var x atomic.Int32
	go stores(1, &x)
	go stores(1, &x)
	go stores(1, &x)
}

func TestIndependent(t *testing.T) {
	var x, y atomic.Int32
	go stores(3, &x)
	go stores(3, &y)
}

func TestLoads(t *testing.T) {
	var x atomic.Int32
	go func() { x.Load() }()
	go func() { x.Load() }()
}

func TestLoadStore(t *testing.T) {
	var x atomic.Int32
	go func() { x.Load() }()
	go func() { x.Store(1) }()
}
