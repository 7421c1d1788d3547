package fail

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Everybody takes the fork on the left first.
func dine(n int) {
	forks := make([]sync.Mutex, n)
	var eat []func()
	for i := range n {
		eat = append(eat, func() {
			left, right := &forks[i], &forks[(i+1)%n]
			left.Lock()
			right.Lock()
			right.Unlock()
			left.Unlock()
		})
	}
	together(eat...)
}

// A circle of three needs all three to hold one.
func TestPhilosophers3(t *testing.T) { dine(3) }

// A circle of four.
func TestPhilosophers4(t *testing.T) { dine(4) }

// A state machine that two goroutines push along in turns, which is believed
// to be impossible: a1 < b1 < a2 < b2.
func TestTurns3(t *testing.T) {
	var s atomic.Int32
	move := func(from, to int32) {
		if s.Load() == from {
			s.Store(to)
		}
	}
	together(func() { move(0, 1); move(2, 3) }, func() { move(1, 2); move(3, 4) })
	if s.Load() == 4 {
		t.Error("the machine reached its last state")
	}
}

// With one turn more: a1 < b1 < a2 < b2 < a3.
func TestTurns4(t *testing.T) {
	var s atomic.Int32
	move := func(from, to int32) {
		if s.Load() == from {
			s.Store(to)
		}
	}
	together(func() { move(0, 1); move(2, 3); move(4, 5) }, func() { move(1, 2); move(3, 4) })
	if s.Load() == 5 {
		t.Error("the machine reached its last state")
	}
}

// A bounded buffer in which producers and consumers wait on one Cond, and
// Signal wakes one of the wrong kind.
func TestOneCond(t *testing.T) {
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	full := false
	put := func() {
		mu.Lock()
		defer mu.Unlock()
		for full {
			cond.Wait()
		}
		full = true
		cond.Signal()
	}
	take := func() {
		mu.Lock()
		defer mu.Unlock()
		for !full {
			cond.Wait()
		}
		full = false
		cond.Signal()
	}
	together(take, take, put, put)
}

// ABA with three goroutines: one is in the middle of a pop while the second
// takes a, the third takes b, and the second puts a back.
func TestABA3(t *testing.T) {
	var head atomic.Pointer[cell]
	b := &cell{value: 2}
	a := &cell{value: 1, next: b}
	head.Store(a)
	pop := func() *cell {
		h := head.Load()
		if h == nil {
			return nil
		}
		next := h.next
		if head.CompareAndSwap(h, next) {
			return h
		}
		return nil
	}
	var third *cell
	together(func() { pop() }, func() {
		if c := pop(); c != nil {
			for {
				c.next = head.Load()
				if head.CompareAndSwap(c.next, c) {
					return
				}
			}
		}
	}, func() { third = pop() })
	if third != nil && head.Load() == third {
		t.Error("a cell is in the stack and out of it")
	}
}

// Lamport's bakery without the flag that says "I am choosing", with one attempt
// each.
func TestBakery(t *testing.T) {
	var number [2]atomic.Int32
	var inside atomic.Int32
	enter := func(me int) {
		other := 1 - me
		mine := number[other].Load() + 1
		number[me].Store(mine)
		if n := number[other].Load(); n != 0 && (n < mine || n == mine && other < me) {
			number[me].Store(0)
			return
		}
		if inside.Add(1) == 2 {
			t.Error("two are inside")
		}
		inside.Add(-1)
		number[me].Store(0)
	}
	together(func() { enter(0) }, func() { enter(1) })
}

// Two of three updates are lost.
func TestTwoLost(t *testing.T) {
	var n atomic.Int32
	inc := func() { n.Store(n.Load() + 1) }
	together(inc, inc, inc)
	if n.Load() == 1 {
		t.Error("counted 1 of 3")
	}
}

// open makes a window in which the flag is up.
func open(flag *atomic.Bool) func() {
	return func() {
		flag.Store(true)
		flag.Store(false)
	}
}

// Two windows are open at once.
func TestTwoWindows(t *testing.T) {
	var x, y atomic.Bool
	together(open(&x), open(&y), func() {
		if x.Load() && y.Load() {
			t.Error("both are open")
		}
	})
}

// Three windows are open at once.
func TestThreeWindows(t *testing.T) {
	var x, y, z atomic.Bool
	together(open(&x), open(&y), open(&z), func() {
		if x.Load() && y.Load() && z.Load() {
			t.Error("all are open")
		}
	})
}
