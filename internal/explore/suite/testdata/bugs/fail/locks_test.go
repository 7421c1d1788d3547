package fail

import (
	"sync"
	"testing"
	"time"
)

// Two locks are taken in opposite orders.
func TestOppositeOrder(t *testing.T) {
	var a, b sync.Mutex
	take := func(x, y *sync.Mutex) {
		x.Lock()
		y.Lock()
		y.Unlock()
		x.Unlock()
	}
	together(func() { take(&a, &b) }, func() { take(&b, &a) })
}

// The two goroutines are a minute apart, so the circle never closes here.
func TestOrderFarApart(t *testing.T) {
	var a, b sync.Mutex
	done := make(chan bool)
	together(func() {
		a.Lock()
		b.Lock()
		b.Unlock()
		a.Unlock()
		<-done
	}, func() {
		time.Sleep(time.Minute)
		b.Lock()
		a.Lock()
		a.Unlock()
		b.Unlock()
		close(done)
	})
}

// One of the two sides does not take the gate.
func TestGateLock(t *testing.T) {
	var gate, a, b sync.Mutex
	together(func() {
		gate.Lock()
		a.Lock()
		b.Lock()
		b.Unlock()
		a.Unlock()
		gate.Unlock()
	}, func() {
		b.Lock()
		a.Lock()
		a.Unlock()
		b.Unlock()
	})
}

// A transfer locks the accounts in the order of its arguments.
func TestTransferDeadlock(t *testing.T) {
	type account struct {
		sync.Mutex
		balance int
	}
	transfer := func(from, to *account, n int) {
		from.Lock()
		defer from.Unlock()
		to.Lock()
		defer to.Unlock()
		from.balance -= n
		to.balance += n
	}
	x, y := &account{balance: 10}, &account{balance: 10}
	together(func() { transfer(x, y, 1) }, func() { transfer(y, x, 1) })
}

// The audit runs between the two halves of a transfer.
func TestTransferAudit(t *testing.T) {
	type account struct {
		sync.Mutex
		balance int
	}
	add := func(a *account, n int) {
		a.Lock()
		defer a.Unlock()
		a.balance += n
	}
	get := func(a *account) int {
		a.Lock()
		defer a.Unlock()
		return a.balance
	}
	x, y := &account{balance: 10}, &account{balance: 10}
	together(func() { add(x, -5); add(y, 5) }, func() {
		if sum := get(x) + get(y); sum != 20 {
			t.Errorf("the audit found %d of 20", sum)
		}
	})
}

// A read lock is taken again while a writer waits: the writer waits for the
// first, and the second for the writer.
func TestRecursiveRead(t *testing.T) {
	var mu sync.RWMutex
	size := func() int {
		mu.RLock()
		defer mu.RUnlock()
		return 1
	}
	together(func() {
		mu.RLock()
		defer mu.RUnlock()
		size()
	}, func() {
		mu.Lock()
		defer mu.Unlock()
	})
}

// Between the read lock and the write lock somebody else may insert.
func TestUpgrade(t *testing.T) {
	var mu sync.RWMutex
	m := map[string]int{}
	loads := 0
	get := func() {
		mu.RLock()
		_, ok := m["k"]
		mu.RUnlock()
		if ok {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		loads++
		m["k"] = 1
	}
	together(get, get)
	if loads != 1 {
		t.Errorf("loaded %d times", loads)
	}
}

// Who finds nothing has the value written by another goroutine, and waits for
// it with the read lock in hand.
func TestUpgradeInPlace(t *testing.T) {
	var mu sync.RWMutex
	n := 0
	write := func() {
		mu.Lock()
		n = 1
		mu.Unlock()
	}
	together(write, func() {
		mu.RLock()
		defer mu.RUnlock()
		if n == 0 {
			together(write)
		}
	})
}

// Two goroutines release what was taken once.
func TestUnlockTwice(t *testing.T) {
	var mu, state sync.Mutex
	held := true
	mu.Lock()
	release := func() {
		state.Lock()
		h := held
		state.Unlock()
		if h {
			mu.Unlock()
			state.Lock()
			held = false
			state.Unlock()
		}
	}
	together(release, release)
}

// The path on which the limit is reached keeps the lock.
func TestLockLeftHeld(t *testing.T) {
	var mu sync.Mutex
	n := 0
	use := func() {
		mu.Lock()
		if n++; n == 2 {
			return
		}
		mu.Unlock()
	}
	for range 3 {
		go use()
	}
	time.Sleep(time.Second)
}

// A method that locks calls another that locks when it comes second.
func TestSelfDeadlock(t *testing.T) {
	var mu sync.Mutex
	n := 0
	reset := func() {
		mu.Lock()
		defer mu.Unlock()
		n = 0
	}
	step := func(by int) {
		mu.Lock()
		defer mu.Unlock()
		n = n*2 + by
		if n == 4 { // only if 2 came before 0
			reset()
		}
	}
	together(func() { step(0) }, func() { step(2) })
}

type copied struct {
	mu sync.Mutex
	n  int
}

func (c copied) lock() func() {
	c.mu.Lock()
	return c.mu.Unlock
}

// The method has a copy of the lock.
func TestCopiedLock(t *testing.T) {
	var c copied
	inc := func() {
		defer c.lock()()
		c.n++
	}
	together(inc, inc)
}

// The reader does without the lock.
func TestUnlockedRead(t *testing.T) {
	var mu sync.Mutex
	n := 0
	together(func() {
		mu.Lock()
		n++
		mu.Unlock()
	}, func() {
		_ = n
	})
}

// Each raises its flag and waits until the other's is down.
func TestPoliteLivelock(t *testing.T) {
	var mu sync.Mutex
	var up [2]bool
	set := func(i int, v bool) {
		mu.Lock()
		defer mu.Unlock()
		up[i] = v
	}
	isUp := func(i int) bool {
		mu.Lock()
		defer mu.Unlock()
		return up[i]
	}
	enter := func(me int) {
		set(me, true)
		for isUp(1 - me) {
		}
		set(me, false)
	}
	together(func() { enter(0) }, func() { enter(1) })
}
