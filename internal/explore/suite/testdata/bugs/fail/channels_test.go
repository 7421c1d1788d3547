package fail

import (
	"errors"
	"sync"
	"testing"
	"time"
)

// The sender looks before it sends, and the channel is closed in between.
func TestSendOnClosed(t *testing.T) {
	c := make(chan int, 1)
	done := make(chan bool)
	together(func() {
		select {
		case <-done:
		default:
			c <- 1
		}
	}, func() {
		close(done)
		close(c)
	})
}

// Two goroutines see an open channel and close it.
func TestDoubleClose(t *testing.T) {
	done := make(chan bool)
	stop := func() {
		select {
		case <-done:
		default:
			close(done)
		}
	}
	together(stop, stop)
}

// When the timeout wins, nobody receives the answer.
func TestLeakOnTimeout(t *testing.T) {
	c := make(chan int)
	go func() {
		time.Sleep(5 * time.Millisecond)
		c <- 1
	}()
	select {
	case <-c:
	case <-time.After(6 * time.Millisecond):
	}
}

// Who waits for the first error leaves the others behind.
func TestLeakOnFirstError(t *testing.T) {
	errs := make(chan error)
	for i := range 3 {
		go func() {
			if i == 1 {
				errs <- errors.New("no")
				return
			}
			errs <- nil
		}()
	}
	for range 3 {
		if err := <-errs; err != nil {
			return
		}
	}
}

// A notification without a listener is dropped.
func TestDroppedNotification(t *testing.T) {
	ready := make(chan bool)
	go func() {
		select {
		case ready <- true:
		default:
		}
	}()
	<-ready
}

// The producer forgets to close the channel when it stops early.
func TestMissingClose(t *testing.T) {
	items, stop := make(chan int), make(chan bool)
	go func() {
		for i := range 2 {
			select {
			case items <- i:
			case <-stop:
				return
			}
		}
		close(items)
	}()
	together(func() { close(stop) }, func() {
		for range items {
		}
	})
}

// Who comes first sends; a third one that also takes a turn makes both receive.
func TestBothReceive(t *testing.T) {
	a, b := make(chan int), make(chan int)
	var mu sync.Mutex
	turn := 0
	next := func() int {
		mu.Lock()
		defer mu.Unlock()
		turn++
		return turn
	}
	talk := func(out chan<- int, in <-chan int) {
		if next() == 1 {
			out <- 1
			<-in
			return
		}
		<-in
		out <- 1
	}
	together(func() { talk(a, b) }, func() { talk(b, a) }, func() { next() })
}

// A select with two ready cases may take the work after the stop.
func TestSelectAfterStop(t *testing.T) {
	work, stop := make(chan int, 1), make(chan bool)
	stopped := false
	work <- 1
	close(stop)
	for range 2 {
		select {
		case <-stop:
			stopped = true
		case <-work:
			if stopped {
				t.Error("worked after the stop")
			}
		}
	}
}

// The error path does not give the slot back.
func TestSlotLost(t *testing.T) {
	slots := make(chan bool, 1)
	var mu sync.Mutex
	cached := false
	do := func() {
		slots <- true
		mu.Lock()
		defer mu.Unlock()
		if cached {
			return
		}
		cached = true
		<-slots
	}
	together(do, do, do)
}

// The stage does not watch for the end of the pipeline.
func TestPipelineLeak(t *testing.T) {
	source := func(done <-chan bool) <-chan int {
		c := make(chan int)
		go func() {
			defer close(c)
			for i := range 3 {
				select {
				case c <- i:
				case <-done:
					return
				}
			}
		}()
		return c
	}
	double := func(in <-chan int) <-chan int {
		c := make(chan int)
		go func() {
			defer close(c)
			for i := range in {
				c <- 2 * i
			}
		}()
		return c
	}
	done := make(chan bool)
	out := double(source(done))
	<-out
	close(done)
}

// A value is taken from a channel whose length was looked at before.
func TestLenThenReceive(t *testing.T) {
	c := make(chan int, 1)
	c <- 1
	take := func() {
		if len(c) > 0 {
			<-c
		}
	}
	together(take, take)
}

// The channel is handed over before it is made.
func TestNilChannel(t *testing.T) {
	var mu sync.Mutex
	var c chan int
	get := func() chan int {
		mu.Lock()
		defer mu.Unlock()
		return c
	}
	together(func() {
		mu.Lock()
		c = make(chan int, 1)
		c <- 1
		mu.Unlock()
	}, func() { <-get() })
}
