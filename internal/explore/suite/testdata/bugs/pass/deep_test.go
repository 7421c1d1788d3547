package pass

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Everybody takes the fork with the lower number first.
func dine(n int) {
	forks := make([]sync.Mutex, n)
	var eat []func()
	for i := range n {
		eat = append(eat, func() {
			first, second := i, (i+1)%n
			if first > second {
				first, second = second, first
			}
			forks[first].Lock()
			forks[second].Lock()
			forks[second].Unlock()
			forks[first].Unlock()
		})
	}
	together(eat...)
}

func TestPhilosophers3(t *testing.T) { dine(3) }

func TestPhilosophers4(t *testing.T) { dine(4) }

// Each goroutine does its moves in one go.
func TestTurns3(t *testing.T) {
	var mu sync.Mutex
	s := 0
	move := func(pairs ...int) {
		mu.Lock()
		defer mu.Unlock()
		for i := 0; i < len(pairs); i += 2 {
			if s == pairs[i] {
				s = pairs[i+1]
			}
		}
	}
	together(func() { move(0, 1, 2, 3) }, func() { move(1, 2, 3, 4) })
	if s == 4 {
		t.Error("the machine reached its last state")
	}
}

func TestTurns4(t *testing.T) {
	var mu sync.Mutex
	s := 0
	move := func(pairs ...int) {
		mu.Lock()
		defer mu.Unlock()
		for i := 0; i < len(pairs); i += 2 {
			if s == pairs[i] {
				s = pairs[i+1]
			}
		}
	}
	together(func() { move(0, 1, 2, 3, 4, 5) }, func() { move(1, 2, 3, 4) })
	if s == 5 {
		t.Error("the machine reached its last state")
	}
}

func TestOneCond(t *testing.T) {
	var mu sync.Mutex
	notFull, notEmpty := sync.NewCond(&mu), sync.NewCond(&mu)
	full := false
	put := func() {
		mu.Lock()
		defer mu.Unlock()
		for full {
			notFull.Wait()
		}
		full = true
		notEmpty.Signal()
	}
	take := func() {
		mu.Lock()
		defer mu.Unlock()
		for !full {
			notEmpty.Wait()
		}
		full = false
		notFull.Signal()
	}
	together(take, take, put, put)
}

func TestABA3(t *testing.T) {
	var head atomic.Pointer[cell]
	head.Store(&cell{value: 1, next: &cell{value: 2}})
	pop := func() *cell {
		h := head.Load()
		if h == nil {
			return nil
		}
		if head.CompareAndSwap(h, h.next) {
			return h
		}
		return nil
	}
	var third *cell
	together(func() { pop() }, func() {
		if c := pop(); c != nil {
			for {
				c := &cell{value: c.value, next: head.Load()}
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

func TestBakery(t *testing.T) {
	var choosing [2]atomic.Bool
	var number [2]atomic.Int32
	var inside atomic.Int32
	enter := func(me int) {
		other := 1 - me
		choosing[me].Store(true)
		mine := number[other].Load() + 1
		number[me].Store(mine)
		choosing[me].Store(false)
		if choosing[other].Load() {
			number[me].Store(0)
			return
		}
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

func TestTwoLost(t *testing.T) {
	var n atomic.Int32
	inc := func() {
		for {
			m := n.Load()
			if n.CompareAndSwap(m, m+1) {
				return
			}
		}
	}
	together(inc, inc, inc)
	if n.Load() != 3 {
		t.Errorf("counted %d of 3", n.Load())
	}
}

// open makes a window in which the flag is up, one at a time.
func open(mu *sync.Mutex, flag *atomic.Bool) func() {
	return func() {
		mu.Lock()
		defer mu.Unlock()
		flag.Store(true)
		flag.Store(false)
	}
}

func TestTwoWindows(t *testing.T) {
	var mu sync.Mutex
	var x, y atomic.Bool
	together(open(&mu, &x), open(&mu, &y), func() {
		mu.Lock()
		defer mu.Unlock()
		if x.Load() || y.Load() {
			t.Error("one is open")
		}
	})
}

func TestThreeWindows(t *testing.T) {
	var mu sync.Mutex
	var x, y, z atomic.Bool
	together(open(&mu, &x), open(&mu, &y), open(&mu, &z), func() {
		mu.Lock()
		defer mu.Unlock()
		if x.Load() || y.Load() || z.Load() {
			t.Error("one is open")
		}
	})
}
