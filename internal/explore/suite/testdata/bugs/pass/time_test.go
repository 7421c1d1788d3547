package pass

import (
	"context"
	"sync"
	"testing"
	"time"
)

func TestAfterFuncStop(t *testing.T) {
	var mu sync.Mutex
	closed := false
	timer := time.AfterFunc(time.Millisecond, func() {
		mu.Lock()
		defer mu.Unlock()
		if closed {
			return
		}
	})
	time.Sleep(time.Millisecond)
	timer.Stop()
	mu.Lock()
	closed = true
	mu.Unlock()
	time.Sleep(time.Millisecond)
}

func TestTimerDrain(t *testing.T) {
	done := make(chan bool)
	timer := time.NewTimer(5 * time.Millisecond)
	go func() {
		time.Sleep(3 * time.Millisecond)
		close(done)
	}()
	select {
	case <-done:
	case <-timer.C:
	}
	timer.Stop() // leaves nothing in the channel since Go 1.23
}

func TestTickerLeak(t *testing.T) {
	ticker := time.NewTicker(time.Second)
	stop := make(chan bool)
	go func() {
		for {
			select {
			case <-ticker.C:
			case <-stop:
				return
			}
		}
	}()
	time.Sleep(3 * time.Second)
	ticker.Stop()
	close(stop)
}

func TestSleepInsteadOfWait(t *testing.T) {
	var mu sync.Mutex
	ready := false
	done := make(chan bool)
	go func() {
		defer close(done)
		mu.Lock()
		defer mu.Unlock()
		ready = true
	}()
	<-done
	mu.Lock()
	defer mu.Unlock()
	if !ready {
		t.Error("not ready")
	}
}

func TestAnswerAfterTimeout(t *testing.T) {
	c := make(chan *int, 1)
	go func() {
		time.Sleep(4 * time.Millisecond)
		c <- new(int)
	}()
	select {
	case answer := <-c:
		*answer = 1
	case <-time.After(8 * time.Millisecond):
	}
}

func TestContextWatcher(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	answers := make(chan int)
	go func() {
		select {
		case <-ctx.Done():
		case answers <- 1:
		}
	}()
	go cancel()
	select {
	case <-answers:
	case <-ctx.Done():
	}
}

func TestCancelOrResult(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan int, 1)
	together(func() {
		result <- 1
		cancel()
	}, func() {
		select {
		case <-result:
		case <-ctx.Done():
			select {
			case <-result:
			default:
				t.Error("the result was lost")
			}
		}
	})
}

func TestDeadlineCheck(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Millisecond)
	defer cancel()
	c := make(chan int)
	go func() {
		time.Sleep(9 * time.Millisecond)
		select {
		case c <- 1:
		default:
		}
	}()
	select {
	case <-c:
	case <-ctx.Done():
	}
}

func TestContextAfterFunc(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	cleaned := false
	done := make(chan bool)
	context.AfterFunc(ctx, func() {
		defer close(done)
		mu.Lock()
		defer mu.Unlock()
		cleaned = true
	})
	cancel()
	<-done
	mu.Lock()
	defer mu.Unlock()
	if !cleaned {
		t.Error("not cleaned up")
	}
}

var daemon = sync.OnceValue(func() chan func() {
	jobs := make(chan func())
	go func() {
		for f := range jobs {
			f()
		}
	}()
	return jobs
})

// The package keeps one worker on purpose, for all tests.
func TestDaemon(t *testing.T) {
	done := make(chan bool)
	daemon() <- func() { close(done) }
	<-done
}

var queue = make(chan int)

// The queue is the package's: somebody may still come and take from it.
func TestQueue(t *testing.T) {
	go func() { queue <- 1 }()
	<-queue
	go func() { queue <- 2 }()
}
