package fail

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// Load and Store are atomic, the increment is not.
func TestLoadStore(t *testing.T) {
	var n atomic.Int32
	inc := func() { n.Store(n.Load() + 1) }
	together(inc, inc)
	if n.Load() != 2 {
		t.Errorf("counted %d of 2", n.Load())
	}
}

// An increment without any synchronisation.
func TestPlainIncrement(t *testing.T) {
	n := 0
	inc := func() { n++ }
	together(inc, inc)
}

// A plain read beside atomic writes.
func TestMixedAccess(t *testing.T) {
	var n int32
	together(func() { atomic.AddInt32(&n, 1) }, func() { _ = n })
}

// The functions of package atomic, by which the increment is still not one.
func TestAtomicFunctions(t *testing.T) {
	var n int32
	inc := func() { atomic.StoreInt32(&n, atomic.LoadInt32(&n)+1) }
	together(inc, inc)
	if n != 2 {
		t.Errorf("counted %d of 2", n)
	}
}

// Two counters that belong together are read one after the other.
func TestTornPair(t *testing.T) {
	var x, y atomic.Int32
	together(func() {
		x.Store(1)
		y.Store(1)
	}, func() {
		a, b := x.Load(), y.Load()
		if b > a {
			t.Errorf("read %d and %d", a, b)
		}
	})
}

// Test and set in two steps: both get in. Who comes too late goes away.
func TestHandMadeLock(t *testing.T) {
	var taken atomic.Bool
	var inside atomic.Int32
	enter := func() {
		if taken.Load() {
			return
		}
		taken.Store(true)
		if inside.Add(1) == 2 {
			t.Error("two are inside")
		}
		inside.Add(-1)
		taken.Store(false)
	}
	together(enter, enter)
}

// Peterson's lock that asks before it announces itself, with one attempt each.
func TestPeterson(t *testing.T) {
	var want [2]atomic.Bool
	var turn, inside atomic.Int32
	enter := func(me int) {
		turn.Store(int32(1 - me))
		if want[1-me].Load() && turn.Load() == int32(1-me) {
			return
		}
		want[me].Store(true)
		if inside.Add(1) == 2 {
			t.Error("two are inside")
		}
		inside.Add(-1)
		want[me].Store(false)
	}
	together(func() { enter(0) }, func() { enter(1) })
}

// The last user may have gone between the look and the increment.
func TestResurrection(t *testing.T) {
	var refs atomic.Int32
	var freed atomic.Bool
	refs.Store(1)
	together(func() {
		if refs.Add(-1) == 0 {
			freed.Store(true)
		}
	}, func() {
		if refs.Load() > 0 {
			refs.Add(1)
			if freed.Load() {
				panic("used after it was freed")
			}
			if refs.Add(-1) == 0 {
				freed.Store(true)
			}
		}
	})
}

// The flag is up before what it guards is there.
func TestFlagBeforeData(t *testing.T) {
	var ready atomic.Bool
	var data atomic.Pointer[int]
	together(func() {
		ready.Store(true)
		data.Store(new(int))
	}, func() {
		if ready.Load() {
			*data.Load() = 1
		}
	})
}

// Double-checked locking with a plain flag.
func TestDoubleChecked(t *testing.T) {
	var mu sync.Mutex
	var value *int
	get := func() *int {
		if value == nil {
			mu.Lock()
			defer mu.Unlock()
			if value == nil {
				value = new(int)
			}
		}
		return value
	}
	together(func() { get() }, func() { get() })
}

// Double-checked locking that checks only once.
func TestCheckedOnce(t *testing.T) {
	var mu sync.Mutex
	var value atomic.Pointer[int]
	var made atomic.Int32
	get := func() *int {
		if value.Load() == nil {
			mu.Lock()
			defer mu.Unlock()
			made.Add(1)
			value.Store(new(int))
		}
		return value.Load()
	}
	together(func() { get() }, func() { get() })
	if made.Load() != 1 {
		t.Errorf("made %d", made.Load())
	}
}

type cell struct {
	value int
	next  *cell
}

// A stack of cells that are used again: the comparison succeeds although the
// stack has changed (ABA).
func TestABA(t *testing.T) {
	var head atomic.Pointer[cell]
	b := &cell{value: 2}
	a := &cell{value: 1, next: b}
	head.Store(a)
	pop := func() *cell {
		for {
			h := head.Load()
			if h == nil {
				return nil
			}
			next := h.next
			if head.CompareAndSwap(h, next) {
				return h
			}
		}
	}
	push := func(c *cell) {
		for {
			c.next = head.Load()
			if head.CompareAndSwap(c.next, c) {
				return
			}
		}
	}
	var second *cell
	together(func() { pop() }, func() {
		first := pop()
		second = pop()
		if first != nil {
			push(first)
		}
	})
	if second != nil && head.Load() == second {
		t.Error("a cell is in the stack and out of it")
	}
}

// A sequence lock whose writer announces only the end of a write.
func TestSequenceLock(t *testing.T) {
	var seq, x, y atomic.Int32
	together(func() {
		x.Store(1)
		y.Store(1)
		seq.Add(2)
	}, func() {
		s := seq.Load()
		a, b := x.Load(), y.Load()
		if s == seq.Load() && a != b {
			t.Errorf("read %d and %d", a, b)
		}
	})
}

// The maximum is replaced by a smaller one.
func TestStaleMaximum(t *testing.T) {
	var top atomic.Int32
	see := func(n int32) {
		if top.Load() < n {
			top.Store(n)
		}
	}
	together(func() { see(1) }, func() { see(2) })
	if top.Load() != 2 {
		t.Errorf("the maximum is %d", top.Load())
	}
}

// Two flags that nobody takes down.
func TestSpinLivelock(t *testing.T) {
	var up [2]atomic.Bool
	enter := func(me int) {
		up[me].Store(true)
		for up[1-me].Load() {
		}
		up[me].Store(false)
	}
	together(func() { enter(0) }, func() { enter(1) })
}

// The test asks for processors, which must not run beside the schedule.
func TestMoreProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	var n atomic.Int32
	inc := func() { n.Store(n.Load() + 1) }
	together(inc, inc, inc, inc)
	if n.Load() != 4 {
		t.Errorf("counted %d of 4", n.Load())
	}
}
