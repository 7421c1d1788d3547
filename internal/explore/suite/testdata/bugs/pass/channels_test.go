package pass

import (
	"errors"
	"sync"
	"testing"
	"time"
)

func TestSendOnClosed(t *testing.T) {
	c := make(chan int, 1)
	done := make(chan bool)
	together(func() {
		select {
		case <-done:
		case c <- 1:
		}
	}, func() { close(done) })
}

func TestDoubleClose(t *testing.T) {
	done := make(chan bool)
	var once sync.Once
	stop := func() { once.Do(func() { close(done) }) }
	together(stop, stop)
}

func TestLeakOnTimeout(t *testing.T) {
	c := make(chan int, 1)
	go func() {
		time.Sleep(5 * time.Millisecond)
		c <- 1
	}()
	select {
	case <-c:
	case <-time.After(6 * time.Millisecond):
	}
}

func TestLeakOnFirstError(t *testing.T) {
	errs := make(chan error, 3)
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

func TestDroppedNotification(t *testing.T) {
	ready := make(chan bool, 1)
	go func() {
		select {
		case ready <- true:
		default:
		}
	}()
	<-ready
}

func TestMissingClose(t *testing.T) {
	items, stop := make(chan int), make(chan bool)
	go func() {
		defer close(items)
		for i := range 2 {
			select {
			case items <- i:
			case <-stop:
				return
			}
		}
	}()
	together(func() { close(stop) }, func() {
		for range items {
		}
	})
}

func TestBothReceive(t *testing.T) {
	a, b := make(chan int, 1), make(chan int, 1)
	talk := func(out chan<- int, in <-chan int) {
		out <- 1
		<-in
	}
	together(func() { talk(a, b) }, func() { talk(b, a) })
}

func TestSelectAfterStop(t *testing.T) {
	work, stop := make(chan int, 1), make(chan bool)
	work <- 1
	close(stop)
	for {
		select {
		case <-stop:
			return
		case <-work:
		}
	}
}

func TestSlotLost(t *testing.T) {
	slots := make(chan bool, 1)
	var mu sync.Mutex
	cached := false
	do := func() {
		slots <- true
		defer func() { <-slots }()
		mu.Lock()
		defer mu.Unlock()
		if cached {
			return
		}
		cached = true
	}
	together(do, do, do)
}

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
	double := func(done <-chan bool, in <-chan int) <-chan int {
		c := make(chan int)
		go func() {
			defer close(c)
			for i := range in {
				select {
				case c <- 2 * i:
				case <-done:
					return
				}
			}
		}()
		return c
	}
	done := make(chan bool)
	out := double(done, source(done))
	<-out
	close(done)
}

func TestLenThenReceive(t *testing.T) {
	c := make(chan int, 1)
	c <- 1
	take := func() {
		select {
		case <-c:
		default:
		}
	}
	together(take, take)
}

func TestNilChannel(t *testing.T) {
	c := make(chan int, 1)
	together(func() { c <- 1 }, func() { <-c })
}
