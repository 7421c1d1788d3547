// Package pass holds the right twins of the tests in package fail.
package pass

import (
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
	var mu sync.Mutex
	n := 0
	inc := func() {
		mu.Lock()
		n++
		mu.Unlock()
	}
	both(inc, inc)
	if n != 2 {
		t.Error(n)
	}
}

func TestCheckThenAct(t *testing.T) {
	var mu sync.Mutex
	m := map[string]int{}
	loads := 0
	get := func() {
		mu.Lock()
		defer mu.Unlock()
		if _, ok := m["k"]; !ok {
			loads++
			m["k"] = 1
		}
	}
	both(get, get)
	if loads != 1 {
		t.Errorf("loaded %d times", loads)
	}
}

// TestOppositeOrder takes two locks in both orders, but only under a third.
func TestOppositeOrder(t *testing.T) {
	var gate, a, b sync.Mutex
	take := func(x, y *sync.Mutex) {
		gate.Lock()
		x.Lock()
		y.Lock()
		y.Unlock()
		x.Unlock()
		gate.Unlock()
	}
	both(func() { take(&a, &b) }, func() { take(&b, &a) })
}

// TestOppositeOrderInTurn takes them in both orders, one after the other.
func TestOppositeOrderInTurn(t *testing.T) {
	var a, b sync.Mutex
	take := func(x, y *sync.Mutex) {
		x.Lock()
		y.Lock()
		y.Unlock()
		x.Unlock()
	}
	take(&a, &b)
	done := make(chan bool)
	go func() {
		take(&b, &a)
		close(done)
	}()
	<-done
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
	for !ready {
		cond.Wait()
	}
	mu.Unlock()
}

func TestLeakOnTimeout(t *testing.T) {
	c := make(chan int, 1)
	go func() {
		time.Sleep(10 * time.Millisecond)
		c <- 1
	}()
	select {
	case <-c:
	case <-time.After(10 * time.Millisecond):
	}
}

func TestDoubleClose(t *testing.T) {
	c := make(chan int)
	var once sync.Once
	stop := func() { once.Do(func() { close(c) }) }
	both(stop, stop)
}

func TestSendOnClosed(t *testing.T) {
	c := make(chan int, 1)
	closed := false
	var mu sync.Mutex
	both(func() {
		mu.Lock()
		defer mu.Unlock()
		if !closed {
			c <- 1
		}
	}, func() {
		mu.Lock()
		defer mu.Unlock()
		closed = true
		close(c)
	})
}

func TestNegativeWaitGroup(t *testing.T) {
	var wg sync.WaitGroup
	var once atomic.Bool
	wg.Add(1)
	done := func() {
		if once.CompareAndSwap(false, true) {
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
		if held.CompareAndSwap(true, false) {
			mu.Unlock()
		}
	}
	both(release, release)
}

func TestAddInGoroutine(t *testing.T) {
	var wg sync.WaitGroup
	var n atomic.Int32
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			n.Add(1)
		}()
	}
	wg.Wait()
	if n.Load() != 2 {
		t.Errorf("%d of 2 were waited for", n.Load())
	}
}

// TestLivelock spins until the other has been there, which fair scheduling
// brings about.
func TestLivelock(t *testing.T) {
	var flags [2]atomic.Bool
	enter := func(me int) {
		flags[me].Store(true)
		for !flags[1-me].Load() {
		}
	}
	both(func() { enter(0) }, func() { enter(1) })
}

func TestLockLeftHeld(t *testing.T) {
	var mu sync.Mutex
	var n atomic.Int32
	use := func() {
		mu.Lock()
		defer mu.Unlock()
		if n.Add(1) == 2 {
			return
		}
	}
	go use()
	go use()
	go use()
	time.Sleep(time.Second)
}

// TestTimers takes no real time.
func TestTimers(t *testing.T) {
	start := time.Now()
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for range 3 {
		<-tick.C
	}
	if d := time.Since(start); d < 3*time.Minute || d > 4*time.Minute {
		t.Error(d)
	}
	fired := make(chan bool)
	time.AfterFunc(time.Second, func() { close(fired) })
	<-fired
}

func TestAtomicFunctions(t *testing.T) {
	var n int32
	inc := func() { atomic.AddInt32(&n, 1) }
	both(inc, inc)
	if n != 2 {
		t.Errorf("%d of 2", n)
	}
}

var (
	once sync.Once
	jobs chan func()
)

// TestDaemon starts a goroutine that the package keeps for ever.
func TestDaemon(t *testing.T) {
	once.Do(func() {
		jobs = make(chan func())
		go func() {
			for f := range jobs {
				f()
			}
		}()
	})
	done := make(chan bool)
	jobs <- func() { close(done) }
	<-done
}
