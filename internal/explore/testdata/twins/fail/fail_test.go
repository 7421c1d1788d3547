// Package fail holds small tests with a concurrency bug each. Their right twins
// are in package pass.
package fail

import (
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func both(a, b func()) {
	var wg sync.WaitGroup
	wg.Go(a)
	wg.Go(b)
	wg.Wait()
}

func TestLostUpdate(t *testing.T) {
	n := 0
	inc := func() { n++ }
	both(inc, inc)
}

func TestCheckThenAct(t *testing.T) {
	var mu sync.Mutex
	m := map[string]int{}
	loads := 0
	get := func() {
		mu.Lock()
		_, ok := m["k"]
		mu.Unlock()
		if !ok {
			mu.Lock()
			loads++
			m["k"] = 1
			mu.Unlock()
		}
	}
	both(get, get)
	if loads != 1 {
		t.Errorf("loaded %d times", loads)
	}
}

func TestOppositeOrder(t *testing.T) {
	var a, b sync.Mutex
	take := func(x, y *sync.Mutex) {
		x.Lock()
		y.Lock()
		y.Unlock()
		x.Unlock()
	}
	both(func() { take(&a, &b) }, func() { take(&b, &a) })
}

func TestMissedSignal(t *testing.T) {
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	ready := false
	go func() {
		mu.Lock()
		ready = true
		cond.Broadcast()
		mu.Unlock()
	}()
	mu.Lock()
	r := ready
	mu.Unlock()
	if !r {
		mu.Lock()
		cond.Wait()
		mu.Unlock()
	}
}

func TestLeakOnTimeout(t *testing.T) {
	work := func(d time.Duration) {
		c := make(chan int)
		go func() {
			time.Sleep(d)
			c <- 1
		}()
		select {
		case <-c:
		case <-time.After(10 * time.Millisecond):
		}
	}
	work(10 * time.Millisecond)
}

func TestDoubleClose(t *testing.T) {
	c := make(chan int)
	var closed atomic.Bool
	stop := func() {
		if !closed.Load() {
			closed.Store(true)
			close(c)
		}
	}
	both(stop, stop)
}

func TestSendOnClosed(t *testing.T) {
	c := make(chan int, 1)
	var closed atomic.Bool
	both(func() {
		if !closed.Load() {
			c <- 1
		}
	}, func() {
		closed.Store(true)
		close(c)
	})
}

func TestNegativeWaitGroup(t *testing.T) {
	var wg sync.WaitGroup
	var once atomic.Bool
	wg.Add(1)
	done := func() {
		if !once.Load() {
			once.Store(true)
			wg.Done()
		}
	}
	both(done, done)
	wg.Wait()
}

func TestUnlockOfUnlocked(t *testing.T) {
	var mu sync.Mutex
	var held atomic.Bool
	mu.Lock()
	held.Store(true)
	release := func() {
		if held.Load() {
			held.Store(false)
			mu.Unlock()
		}
	}
	both(release, release)
}

func TestAddInGoroutine(t *testing.T) {
	var wg sync.WaitGroup
	var n atomic.Int32
	for range 2 {
		go func() {
			wg.Add(1)
			defer wg.Done()
			n.Add(1)
		}()
	}
	time.Sleep(time.Millisecond)
	wg.Wait()
	if n.Load() != 2 {
		t.Errorf("%d of 2 were waited for", n.Load())
	}
}

func TestLivelock(t *testing.T) {
	var flags [2]atomic.Bool
	enter := func(me int) {
		for {
			flags[me].Store(true)
			if !flags[1-me].Load() {
				return // and the flag stays
			}
			for flags[1-me].Load() {
			}
		}
	}
	both(func() { enter(0) }, func() { enter(1) })
}

func TestExit(t *testing.T) {
	var first atomic.Int32
	both(func() { first.CompareAndSwap(0, 1) }, func() {
		if first.CompareAndSwap(0, 2) {
			os.Exit(3)
		}
	})
}

func TestLockLeftHeld(t *testing.T) {
	var mu sync.Mutex
	var n atomic.Int32
	use := func() {
		mu.Lock()
		if n.Add(1) == 2 {
			return // forgets to unlock
		}
		mu.Unlock()
	}
	go use()
	go use()
	go use()
	time.Sleep(time.Second)
}

func TestAtomicFunctions(t *testing.T) {
	var n int32
	inc := func() { atomic.StoreInt32(&n, atomic.LoadInt32(&n)+1) }
	both(inc, inc)
	if n != 2 {
		t.Errorf("%d of 2", n)
	}
}
