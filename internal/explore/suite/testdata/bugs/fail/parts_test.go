package fail

import (
	"errors"
	"os"
	"sync"
	"testing"
)

// A pool whose Submit looks at the state under a lock and sends without it.
func TestPoolSubmitAfterClose(t *testing.T) {
	var mu sync.Mutex
	closed := false
	jobs := make(chan int, 1)
	together(func() {
		mu.Lock()
		c := closed
		mu.Unlock()
		if !c {
			jobs <- 1
		}
	}, func() {
		mu.Lock()
		closed = true
		mu.Unlock()
		close(jobs)
	})
}

// A job that submits another while the queue is full and the only worker is
// itself.
func TestPoolSelfSubmit(t *testing.T) {
	jobs := make(chan func(), 1)
	go func() {
		for f := range jobs {
			f()
		}
	}()
	var wg sync.WaitGroup
	wg.Add(3)
	jobs <- func() {
		defer wg.Done()
		jobs <- wg.Done
	}
	jobs <- wg.Done
	wg.Wait()
	close(jobs)
}

// A task is taken by two workers.
func TestTaskTwice(t *testing.T) {
	var mu sync.Mutex
	queue := []int{1, 2}
	runs := map[int]int{}
	work := func() {
		mu.Lock()
		task := queue[0]
		mu.Unlock()
		mu.Lock()
		runs[task]++
		queue = queue[1:]
		mu.Unlock()
	}
	together(work, work)
	if runs[1] != 1 || runs[2] != 1 {
		t.Errorf("runs: %v", runs)
	}
}

// A task that comes between the last look at the queue and the end of the
// worker is lost.
func TestTaskLost(t *testing.T) {
	var mu sync.Mutex
	stopped, ran := false, 0
	var queue []int
	locked := func(f func()) {
		mu.Lock()
		defer mu.Unlock()
		f()
	}
	accepted := false
	together(func() {
		open := false
		locked(func() { open = !stopped })
		if open {
			locked(func() { queue = append(queue, 1) })
			accepted = true
		}
	}, func() {
		locked(func() { stopped = true })
		locked(func() { ran += len(queue); queue = nil })
	})
	if accepted && ran != 1 {
		t.Error("an accepted task did not run")
	}
}

// Unsubscribing closes a channel that Publish is sending to.
func TestPublishUnsubscribe(t *testing.T) {
	var mu sync.Mutex
	subs := map[int]chan int{0: make(chan int, 1)}
	publish := func() {
		mu.Lock()
		var to []chan int
		for _, c := range subs {
			to = append(to, c)
		}
		mu.Unlock()
		for _, c := range to {
			c <- 1
		}
	}
	unsubscribe := func() {
		mu.Lock()
		defer mu.Unlock()
		close(subs[0])
		delete(subs, 0)
	}
	together(publish, unsubscribe)
}

// Publish holds the lock while it sends, and the subscriber wants it before it
// receives.
func TestPublishUnderLock(t *testing.T) {
	var mu sync.Mutex
	sub := make(chan int)
	open := true
	together(func() {
		mu.Lock()
		defer mu.Unlock()
		if open {
			sub <- 1
		}
	}, func() {
		mu.Lock()
		open = false
		mu.Unlock()
		select {
		case <-sub:
		default:
		}
	})
}

// A token bucket that looks and takes in two steps.
func TestTokenBucket(t *testing.T) {
	var mu sync.Mutex
	tokens := 1
	take := func() {
		mu.Lock()
		ok := tokens > 0
		mu.Unlock()
		if ok {
			mu.Lock()
			tokens--
			mu.Unlock()
		}
	}
	together(take, take)
	if tokens < 0 {
		t.Errorf("%d tokens are left", tokens)
	}
}

// A semaphore that is released by one who gave up waiting for it.
func TestSemaphoreRelease(t *testing.T) {
	slots := make(chan bool, 1)
	cancel := make(chan bool)
	var mu sync.Mutex
	inside := 0
	enter := func() {
		select {
		case slots <- true:
		case <-cancel:
		}
		mu.Lock()
		inside++
		if inside > 1 {
			t.Error("two are inside")
		}
		mu.Unlock()
		mu.Lock()
		inside--
		mu.Unlock()
		select {
		case <-slots:
		default:
		}
	}
	together(enter, enter, func() { close(cancel) })
}

// Calls for the same key share one load, but the key is forgotten before the
// result is there.
func TestFlightForgotten(t *testing.T) {
	type call struct {
		done chan bool
		v    int
	}
	var mu sync.Mutex
	calls := map[string]*call{}
	loading, loads := 0, 0
	do := func() {
		mu.Lock()
		if c := calls["k"]; c != nil {
			mu.Unlock()
			<-c.done
			return
		}
		c := &call{done: make(chan bool)}
		calls["k"] = c
		mu.Unlock()
		mu.Lock()
		delete(calls, "k")
		mu.Unlock()
		mu.Lock()
		loads++
		if loading++; loading > 1 {
			t.Error("two loads at the same time")
		}
		mu.Unlock()
		mu.Lock()
		loading--
		mu.Unlock()
		close(c.done)
	}
	together(do, do)
}

// A load that panics leaves those who wait for it behind.
func TestFlightPanic(t *testing.T) {
	var mu sync.Mutex
	var done chan bool
	do := func() {
		defer func() { recover() }()
		mu.Lock()
		if c := done; c != nil {
			mu.Unlock()
			<-c
			return
		}
		done = make(chan bool)
		mu.Unlock()
		panic("load failed")
	}
	together(do, do)
}

// The group keeps the last error instead of the first.
func TestFirstError(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var err error
	cancelled := false
	first := errors.New("first")
	run := func(f func() error) {
		wg.Go(func() {
			if e := f(); e != nil {
				mu.Lock()
				err, cancelled = e, true
				mu.Unlock()
			}
		})
	}
	run(func() error { return first })
	run(func() error {
		mu.Lock()
		defer mu.Unlock()
		if cancelled {
			return errors.New("cancelled")
		}
		return nil
	})
	wg.Wait()
	if err != first {
		t.Errorf("the error is %v", err)
	}
}

// Results are written to a shared slice that grows.
func TestSharedResult(t *testing.T) {
	var err error
	together(func() { err = errors.New("a") }, func() { err = errors.New("b") })
	_ = err
}

// A map made by one goroutine is written by another that came first.
func TestNilMap(t *testing.T) {
	var mu sync.Mutex
	var m map[string]int
	together(func() {
		mu.Lock()
		defer mu.Unlock()
		m = map[string]int{}
	}, func() {
		mu.Lock()
		defer mu.Unlock()
		m["k"] = 1
	})
}

// An assertion about the order of two goroutines that nobody orders.
func TestIndex(t *testing.T) {
	var mu sync.Mutex
	var s []int
	together(func() {
		mu.Lock()
		defer mu.Unlock()
		s = append(s, 1)
	}, func() {
		mu.Lock()
		defer mu.Unlock()
		_ = s[0]
	})
}

// The process ends when the second comes first.
func TestExit(t *testing.T) {
	var mu sync.Mutex
	first := 0
	come := func(i int) {
		mu.Lock()
		defer mu.Unlock()
		if first == 0 {
			first = i
		}
		if first == 2 {
			os.Exit(3)
		}
	}
	together(func() { come(1) }, func() { come(2) })
}

// A recovered panic hides the lock that it leaves behind.
func TestRecoveredLock(t *testing.T) {
	var mu sync.Mutex
	n := 0
	use := func(limit int) {
		defer func() { recover() }()
		mu.Lock()
		if n++; n > limit {
			panic("too many")
		}
		mu.Unlock()
	}
	together(func() { use(1) }, func() { use(2) }, func() { use(3) })
}

// The queue's two counters are read apart, so that it looks empty while it is
// not.
func TestIdleCheck(t *testing.T) {
	var mu sync.Mutex
	queued, running := 1, 0
	locked := func(f func()) {
		mu.Lock()
		defer mu.Unlock()
		f()
	}
	together(func() {
		locked(func() { queued-- })
		locked(func() { running++ })
	}, func() {
		q, r := 0, 0
		locked(func() { q = queued })
		locked(func() { r = running })
		if q+r == 0 {
			t.Error("idle with a job at hand")
		}
	})
}

// The connection is given to a waiter that has just given up.
func TestConnectionLost(t *testing.T) {
	var mu sync.Mutex
	idle := 0
	var waiter chan bool
	together(func() { // wants a connection, gives up
		c := make(chan bool, 1)
		mu.Lock()
		waiter = c
		mu.Unlock()
		select {
		case <-c:
			mu.Lock()
			idle++
			mu.Unlock()
		default:
			mu.Lock()
			waiter = nil
			mu.Unlock()
		}
	}, func() { // gives one back
		mu.Lock()
		defer mu.Unlock()
		if waiter != nil {
			waiter <- true
			return
		}
		idle++
	})
	if idle != 1 {
		t.Errorf("%d connections are left", idle)
	}
}
