package pass

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

func TestLoadStore(t *testing.T) {
	var n atomic.Int32
	inc := func() { n.Add(1) }
	together(inc, inc)
	if n.Load() != 2 {
		t.Errorf("counted %d of 2", n.Load())
	}
}

func TestPlainIncrement(t *testing.T) {
	var mu sync.Mutex
	n := 0
	inc := func() {
		mu.Lock()
		defer mu.Unlock()
		n++
	}
	together(inc, inc)
}

func TestMixedAccess(t *testing.T) {
	var n int32
	together(func() { atomic.AddInt32(&n, 1) }, func() { _ = atomic.LoadInt32(&n) })
}

func TestAtomicFunctions(t *testing.T) {
	var n int32
	inc := func() { atomic.AddInt32(&n, 1) }
	together(inc, inc)
	if n != 2 {
		t.Errorf("counted %d of 2", n)
	}
}

func TestTornPair(t *testing.T) {
	var x, y atomic.Int32
	together(func() {
		x.Store(1)
		y.Store(1)
	}, func() {
		b, a := y.Load(), x.Load()
		if b > a {
			t.Errorf("read %d and %d", a, b)
		}
	})
}

func TestHandMadeLock(t *testing.T) {
	var taken atomic.Bool
	var inside atomic.Int32
	enter := func() {
		if !taken.CompareAndSwap(false, true) {
			return
		}
		if inside.Add(1) == 2 {
			t.Error("two are inside")
		}
		inside.Add(-1)
		taken.Store(false)
	}
	together(enter, enter)
}

func TestPeterson(t *testing.T) {
	var want [2]atomic.Bool
	var turn, inside atomic.Int32
	enter := func(me int) {
		want[me].Store(true)
		turn.Store(int32(1 - me))
		if want[1-me].Load() && turn.Load() == int32(1-me) {
			want[me].Store(false)
			return
		}
		if inside.Add(1) == 2 {
			t.Error("two are inside")
		}
		inside.Add(-1)
		want[me].Store(false)
	}
	together(func() { enter(0) }, func() { enter(1) })
}

func TestResurrection(t *testing.T) {
	var refs atomic.Int32
	var freed atomic.Bool
	refs.Store(1)
	together(func() {
		if refs.Add(-1) == 0 {
			freed.Store(true)
		}
	}, func() {
		for n := refs.Load(); n > 0; n = refs.Load() {
			if !refs.CompareAndSwap(n, n+1) {
				continue
			}
			if freed.Load() {
				panic("used after it was freed")
			}
			if refs.Add(-1) == 0 {
				freed.Store(true)
			}
			return
		}
	})
}

func TestFlagBeforeData(t *testing.T) {
	var ready atomic.Bool
	var data atomic.Pointer[int]
	together(func() {
		data.Store(new(int))
		ready.Store(true)
	}, func() {
		if ready.Load() {
			*data.Load() = 1
		}
	})
}

func TestDoubleChecked(t *testing.T) {
	var mu sync.Mutex
	var value atomic.Pointer[int]
	get := func() *int {
		if value.Load() == nil {
			mu.Lock()
			defer mu.Unlock()
			if value.Load() == nil {
				value.Store(new(int))
			}
		}
		return value.Load()
	}
	together(func() { get() }, func() { get() })
}

func TestCheckedOnce(t *testing.T) {
	var mu sync.Mutex
	var value atomic.Pointer[int]
	var made atomic.Int32
	get := func() *int {
		if value.Load() == nil {
			mu.Lock()
			defer mu.Unlock()
			if value.Load() == nil {
				made.Add(1)
				value.Store(new(int))
			}
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

// Every push has a cell of its own, so an old head never comes back.
func TestABA(t *testing.T) {
	var head atomic.Pointer[cell]
	b := &cell{value: 2}
	head.Store(&cell{value: 1, next: b})
	pop := func() *cell {
		for {
			h := head.Load()
			if h == nil {
				return nil
			}
			if head.CompareAndSwap(h, h.next) {
				return h
			}
		}
	}
	push := func(value int) {
		for {
			c := &cell{value: value, next: head.Load()}
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
			push(first.value)
		}
	})
	if second != nil && head.Load() == second {
		t.Error("a cell is in the stack and out of it")
	}
}

func TestSequenceLock(t *testing.T) {
	var seq, x, y atomic.Int32
	together(func() {
		seq.Add(1)
		x.Store(1)
		y.Store(1)
		seq.Add(1)
	}, func() {
		s := seq.Load()
		a, b := x.Load(), y.Load()
		if s%2 == 0 && s == seq.Load() && a != b {
			t.Errorf("read %d and %d", a, b)
		}
	})
}

func TestStaleMaximum(t *testing.T) {
	var top atomic.Int32
	see := func(n int32) {
		for m := top.Load(); m < n; m = top.Load() {
			if top.CompareAndSwap(m, n) {
				return
			}
		}
	}
	together(func() { see(1) }, func() { see(2) })
	if top.Load() != 2 {
		t.Errorf("the maximum is %d", top.Load())
	}
}

// Of two with their flags up the second gives way.
func TestSpinLivelock(t *testing.T) {
	var up [2]atomic.Bool
	enter := func(me int) {
		up[me].Store(true)
		for up[1-me].Load() {
			if me == 1 {
				up[me].Store(false)
				for up[1-me].Load() {
				}
				up[me].Store(true)
			}
		}
		up[me].Store(false)
	}
	together(func() { enter(0) }, func() { enter(1) })
}

func TestMoreProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	var n atomic.Int32
	inc := func() { n.Add(1) }
	together(inc, inc, inc, inc)
	if n.Load() != 4 {
		t.Errorf("counted %d of 4", n.Load())
	}
}
