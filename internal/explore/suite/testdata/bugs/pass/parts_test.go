package pass

import (
	"errors"
	"os"
	"sync"
	"testing"
)

func TestPoolSubmitAfterClose(t *testing.T) {
	var mu sync.Mutex
	closed := false
	jobs := make(chan int, 1)
	together(func() {
		mu.Lock()
		defer mu.Unlock()
		if !closed {
			jobs <- 1
		}
	}, func() {
		mu.Lock()
		defer mu.Unlock()
		closed = true
		close(jobs)
	})
}

func TestPoolSelfSubmit(t *testing.T) {
	jobs := make(chan func(), 2)
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

func TestTaskTwice(t *testing.T) {
	var mu sync.Mutex
	queue := []int{1, 2}
	runs := map[int]int{}
	work := func() {
		mu.Lock()
		task := queue[0]
		queue = queue[1:]
		mu.Unlock()
		mu.Lock()
		runs[task]++
		mu.Unlock()
	}
	together(work, work)
	if runs[1] != 1 || runs[2] != 1 {
		t.Errorf("runs: %v", runs)
	}
}

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
		locked(func() {
			if !stopped {
				queue = append(queue, 1)
				accepted = true
			}
		})
	}, func() {
		locked(func() { stopped = true })
		locked(func() { ran += len(queue); queue = nil })
	})
	if accepted && ran != 1 {
		t.Error("an accepted task did not run")
	}
}

func TestPublishUnsubscribe(t *testing.T) {
	var mu sync.Mutex
	subs := map[int]chan int{0: make(chan int, 1)}
	publish := func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range subs {
			select {
			case c <- 1:
			default:
			}
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

func TestPublishUnderLock(t *testing.T) {
	var mu sync.Mutex
	sub := make(chan int, 1)
	open := true
	together(func() {
		mu.Lock()
		o := open
		mu.Unlock()
		if o {
			select {
			case sub <- 1:
			default:
			}
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

func TestTokenBucket(t *testing.T) {
	var mu sync.Mutex
	tokens := 1
	take := func() {
		mu.Lock()
		defer mu.Unlock()
		if tokens > 0 {
			tokens--
		}
	}
	together(take, take)
	if tokens < 0 {
		t.Errorf("%d tokens are left", tokens)
	}
}

func TestSemaphoreRelease(t *testing.T) {
	slots := make(chan bool, 1)
	cancel := make(chan bool)
	var mu sync.Mutex
	inside := 0
	enter := func() {
		select {
		case slots <- true:
		case <-cancel:
			return
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
		<-slots
	}
	together(enter, enter, func() { close(cancel) })
}

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
		loads++
		if loading++; loading > 1 {
			t.Error("two loads at the same time")
		}
		mu.Unlock()
		mu.Lock()
		loading--
		delete(calls, "k")
		mu.Unlock()
		close(c.done)
	}
	together(do, do)
}

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
		c := make(chan bool)
		done = c
		mu.Unlock()
		defer close(c)
		panic("load failed")
	}
	together(do, do)
}

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
				defer mu.Unlock()
				if err == nil {
					err, cancelled = e, true
				}
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

func TestSharedResult(t *testing.T) {
	var once sync.Once
	var err error
	fail := func(e error) { once.Do(func() { err = e }) }
	together(func() { fail(errors.New("a")) }, func() { fail(errors.New("b")) })
	if err == nil {
		t.Error("no error")
	}
}

func TestNilMap(t *testing.T) {
	var mu sync.Mutex
	var m map[string]int
	use := func(f func(map[string]int)) {
		mu.Lock()
		defer mu.Unlock()
		if m == nil {
			m = map[string]int{}
		}
		f(m)
	}
	together(func() { use(func(map[string]int) {}) }, func() { use(func(m map[string]int) { m["k"] = 1 }) })
}

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
		if len(s) > 0 {
			_ = s[0]
		}
	})
}

func TestExit(t *testing.T) {
	var mu sync.Mutex
	first := 0
	come := func(i int) {
		mu.Lock()
		defer mu.Unlock()
		if first == 0 {
			first = i
		}
		if first == 3 {
			os.Exit(3)
		}
	}
	together(func() { come(1) }, func() { come(2) })
}

func TestRecoveredLock(t *testing.T) {
	var mu sync.Mutex
	n := 0
	use := func(limit int) {
		defer func() { recover() }()
		mu.Lock()
		defer mu.Unlock()
		if n++; n > limit {
			panic("too many")
		}
	}
	together(func() { use(1) }, func() { use(2) }, func() { use(3) })
}

func TestIdleCheck(t *testing.T) {
	var mu sync.Mutex
	queued, running := 1, 0
	locked := func(f func()) {
		mu.Lock()
		defer mu.Unlock()
		f()
	}
	together(func() {
		locked(func() { queued--; running++ })
	}, func() {
		sum := 0
		locked(func() { sum = queued + running })
		if sum == 0 {
			t.Error("idle with a job at hand")
		}
	})
}

func TestConnectionLost(t *testing.T) {
	var mu sync.Mutex
	idle := 0
	var waiter chan bool
	together(func() { // wants a connection, gives up
		c := make(chan bool, 1)
		mu.Lock()
		waiter = c
		mu.Unlock()
		mu.Lock()
		defer mu.Unlock()
		waiter = nil
		select {
		case <-c:
			idle++
		default:
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
