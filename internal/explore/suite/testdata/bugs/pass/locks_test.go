package pass

import (
	"sync"
	"testing"
	"time"
)

func TestOppositeOrder(t *testing.T) {
	var a, b sync.Mutex
	take := func(x, y *sync.Mutex) {
		x.Lock()
		y.Lock()
		y.Unlock()
		x.Unlock()
	}
	together(func() { take(&a, &b) }, func() { take(&a, &b) })
}

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
		a.Lock()
		b.Lock()
		b.Unlock()
		a.Unlock()
		close(done)
	})
}

// The orders are opposite, but never at the same time.
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
		gate.Lock()
		b.Lock()
		a.Lock()
		a.Unlock()
		b.Unlock()
		gate.Unlock()
	})
}

func TestTransferDeadlock(t *testing.T) {
	type account struct {
		sync.Mutex
		id, balance int
	}
	transfer := func(from, to *account, n int) {
		first, second := from, to
		if first.id > second.id {
			first, second = second, first
		}
		first.Lock()
		defer first.Unlock()
		second.Lock()
		defer second.Unlock()
		from.balance -= n
		to.balance += n
	}
	x, y := &account{id: 1, balance: 10}, &account{id: 2, balance: 10}
	together(func() { transfer(x, y, 1) }, func() { transfer(y, x, 1) })
}

func TestTransferAudit(t *testing.T) {
	type account struct {
		sync.Mutex
		balance int
	}
	x, y := &account{balance: 10}, &account{balance: 10}
	both := func(f func()) {
		x.Lock()
		defer x.Unlock()
		y.Lock()
		defer y.Unlock()
		f()
	}
	together(func() { both(func() { x.balance -= 5; y.balance += 5 }) }, func() {
		sum := 0
		both(func() { sum = x.balance + y.balance })
		if sum != 20 {
			t.Errorf("the audit found %d of 20", sum)
		}
	})
}

func TestRecursiveRead(t *testing.T) {
	var mu sync.RWMutex
	size := func() int { return 1 } // the caller holds the lock
	together(func() {
		mu.RLock()
		defer mu.RUnlock()
		size()
	}, func() {
		mu.Lock()
		defer mu.Unlock()
	})
}

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
		if _, ok := m["k"]; ok {
			return
		}
		loads++
		m["k"] = 1
	}
	together(get, get)
	if loads != 1 {
		t.Errorf("loaded %d times", loads)
	}
}

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
		empty := n == 0
		mu.RUnlock()
		if empty {
			together(write)
		}
	})
}

func TestUnlockTwice(t *testing.T) {
	var mu, state sync.Mutex
	held := true
	mu.Lock()
	release := func() {
		state.Lock()
		defer state.Unlock()
		if held {
			mu.Unlock()
			held = false
		}
	}
	together(release, release)
}

func TestLockLeftHeld(t *testing.T) {
	var mu sync.Mutex
	n := 0
	use := func() {
		mu.Lock()
		defer mu.Unlock()
		if n++; n == 2 {
			return
		}
	}
	for range 3 {
		go use()
	}
	time.Sleep(time.Second)
}

func TestSelfDeadlock(t *testing.T) {
	var mu sync.Mutex
	n := 0
	reset := func() { n = 0 } // the caller holds the lock
	step := func(by int) {
		mu.Lock()
		defer mu.Unlock()
		n = n*2 + by
		if n == 4 {
			reset()
		}
	}
	together(func() { step(0) }, func() { step(2) })
}

type copied struct {
	mu sync.Mutex
	n  int
}

func (c *copied) lock() func() {
	c.mu.Lock()
	return c.mu.Unlock
}

func TestCopiedLock(t *testing.T) {
	var c copied
	inc := func() {
		defer c.lock()()
		c.n++
	}
	together(inc, inc)
}

func TestUnlockedRead(t *testing.T) {
	var mu sync.Mutex
	n := 0
	together(func() {
		mu.Lock()
		n++
		mu.Unlock()
	}, func() {
		mu.Lock()
		_ = n
		mu.Unlock()
	})
}

// Of two with their flags up the second gives way.
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
			if me == 1 {
				set(me, false)
				for isUp(1 - me) {
				}
				set(me, true)
			}
		}
		set(me, false)
	}
	together(func() { enter(0) }, func() { enter(1) })
}
