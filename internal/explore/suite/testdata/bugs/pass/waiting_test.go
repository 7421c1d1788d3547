package pass

import (
	"sync"
	"testing"
	"time"
)

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
	for !ready {
		cond.Wait()
	}
	mu.Unlock()
}

func TestWaitWithoutLoop(t *testing.T) {
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	var items []int
	take := func() {
		mu.Lock()
		defer mu.Unlock()
		for len(items) == 0 {
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
		mu.Lock()
		ready = true
		mu.Unlock()
		cond.Signal()
	})
}

func TestNegativeWaitGroup(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	finished := false
	wg.Add(1)
	finish := func() {
		mu.Lock()
		defer mu.Unlock()
		if !finished {
			wg.Done()
			finished = true
		}
	}
	go finish()
	go finish()
	wg.Wait()
	time.Sleep(time.Second)
}

func TestAddInGoroutine(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	n := 0
	for range 2 {
		wg.Add(1)
		go func() {
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

func TestMissingDone(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	n := 0
	wg.Add(2)
	work := func(i int) {
		defer wg.Done()
		mu.Lock()
		n++
		bad := n == 1 && i == 1
		mu.Unlock()
		if bad {
			return
		}
	}
	go work(0)
	go work(1)
	wg.Wait()
}

// What failed is tried again.
func TestOnceFailed(t *testing.T) {
	var mu sync.Mutex
	var conn *int
	open := false
	get := func() *int {
		mu.Lock()
		defer mu.Unlock()
		if conn == nil && open {
			conn = new(int)
		}
		return conn
	}
	together(func() {
		mu.Lock()
		open = true
		mu.Unlock()
	}, func() {
		for get() == nil {
			time.Sleep(time.Millisecond)
		}
		*get() = 1
	})
}

func TestOnceCircle(t *testing.T) {
	var both sync.Once
	doneA, doneB := false, false
	setup := func() { both.Do(func() { doneA, doneB = true, true }) }
	together(setup, setup)
	if !doneA || !doneB {
		t.Error("not set up")
	}
}

func TestOncePerCall(t *testing.T) {
	var once sync.Once
	n := 0
	setup := func() { once.Do(func() { n++ }) }
	together(setup, setup)
	if n != 1 {
		t.Errorf("set up %d times", n)
	}
}

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
		wg.Go(func() { add(2) })
	})
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	if sum != 3 {
		t.Errorf("sum is %d", sum)
	}
}

func TestBarrier(t *testing.T) {
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	count, generation := 0, 0
	arrive := func() {
		mu.Lock()
		defer mu.Unlock()
		if count++; count == 2 {
			count = 0
			generation++
			cond.Broadcast()
			return
		}
		for g := generation; g == generation; {
			cond.Wait()
		}
	}
	twice := func() { arrive(); arrive() }
	together(twice, twice)
}
