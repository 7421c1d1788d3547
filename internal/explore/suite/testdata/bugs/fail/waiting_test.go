package fail

import (
	"sync"
	"testing"
	"time"
)

// The state is looked at and the wait begins under two separate locks.
func TestMissedSignal(t *testing.T) {
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	ready := false
	go func() {
		mu.Lock()
		ready = true
		mu.Unlock()
		cond.Broadcast()
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

// A woken consumer does not look again before it takes.
func TestWaitWithoutLoop(t *testing.T) {
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	var items []int
	take := func() {
		mu.Lock()
		defer mu.Unlock()
		if len(items) == 0 {
			cond.Wait()
		}
		items = items[1:]
	}
	put := func() {
		mu.Lock()
		defer mu.Unlock()
		items = append(items, 1)
		cond.Broadcast()
	}
	together(take, take, put, put)
}

// The state changes after the signal and without another.
func TestSignalBeforeChange(t *testing.T) {
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	ready := false
	together(func() {
		mu.Lock()
		for !ready {
			cond.Wait()
		}
		mu.Unlock()
	}, func() {
		cond.Signal()
		mu.Lock()
		ready = true
		mu.Unlock()
	})
}

// Both goroutines account for the same piece of work.
func TestNegativeWaitGroup(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	finished := false
	wg.Add(1)
	finish := func() {
		mu.Lock()
		f := finished
		mu.Unlock()
		if !f {
			wg.Done()
			mu.Lock()
			finished = true
			mu.Unlock()
		}
	}
	go finish()
	go finish()
	wg.Wait()
	time.Sleep(time.Second)
}

// The goroutines announce themselves only once they run.
func TestAddInGoroutine(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	n := 0
	for range 2 {
		go func() {
			wg.Add(1)
			defer wg.Done()
			mu.Lock()
			defer mu.Unlock()
			n++
		}()
	}
	time.Sleep(time.Millisecond)
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	if n != 2 {
		t.Errorf("%d of 2 were waited for", n)
	}
}

// Done is not reached on the path of an error.
func TestMissingDone(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	n := 0
	wg.Add(2)
	work := func(i int) {
		mu.Lock()
		n++
		bad := n == 1 && i == 1
		mu.Unlock()
		if bad {
			return
		}
		wg.Done()
	}
	go work(0)
	go work(1)
	wg.Wait()
}

// The first attempt fails, and the Once remembers it as done.
func TestOnceFailed(t *testing.T) {
	var once sync.Once
	var mu sync.Mutex
	var conn *int
	open := false
	get := func() *int {
		once.Do(func() {
			mu.Lock()
			defer mu.Unlock()
			if open {
				conn = new(int)
			}
		})
		return conn
	}
	together(func() {
		mu.Lock()
		open = true
		mu.Unlock()
	}, func() { *get() = 1 })
}

// Two lazily made things look at each other.
func TestOnceCircle(t *testing.T) {
	var a, b sync.Once
	together(func() {
		a.Do(func() { b.Do(func() {}) })
	}, func() {
		b.Do(func() { a.Do(func() {}) })
	})
}

// A Once in the wrong place: every caller has its own.
func TestOncePerCall(t *testing.T) {
	var mu sync.Mutex
	n := 0
	setup := func() {
		var once sync.Once
		once.Do(func() {
			mu.Lock()
			m := n
			mu.Unlock()
			if m == 0 {
				mu.Lock()
				n++
				mu.Unlock()
			}
		})
	}
	together(setup, setup)
	if n != 1 {
		t.Errorf("set up %d times", n)
	}
}

// The worker leaves the rest to a goroutine that nobody waits for.
func TestWaitTooEarly(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	sum := 0
	add := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		sum += n
	}
	wg.Go(func() {
		add(1)
		go func() { // not part of the group
			add(2)
		}()
	})
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	if sum != 3 {
		t.Errorf("sum is %d", sum)
	}
}

// A barrier without generations: the fast one comes round again before the slow
// one has looked.
func TestBarrier(t *testing.T) {
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	count := 0
	arrive := func() {
		mu.Lock()
		defer mu.Unlock()
		if count++; count == 2 {
			count = 0
			cond.Broadcast()
		}
		for count != 0 {
			cond.Wait()
		}
	}
	twice := func() { arrive(); arrive() }
	together(twice, twice)
}
