package fail

import (
	"context"
	"sync"
	"testing"
	"time"
)

// A callback runs although the timer was meant to be stopped: Stop does not
// wait.
func TestAfterFuncStop(t *testing.T) {
	var mu sync.Mutex
	closed := false
	timer := time.AfterFunc(time.Millisecond, func() {
		mu.Lock()
		defer mu.Unlock()
		if closed {
			panic("used after close")
		}
	})
	time.Sleep(time.Millisecond)
	timer.Stop()
	mu.Lock()
	closed = true
	mu.Unlock()
	time.Sleep(time.Millisecond)
}

// The value of a stopped timer is waited for.
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
	if !timer.Stop() {
		<-timer.C
	}
}

// The goroutine of a ticker is not told to end: Stop does not close the channel.
func TestTickerLeak(t *testing.T) {
	ticker := time.NewTicker(time.Second)
	go func() {
		for range ticker.C {
		}
	}()
	time.Sleep(3 * time.Second)
	ticker.Stop()
}

// A sleep that is "long enough" is not.
func TestSleepInsteadOfWait(t *testing.T) {
	var mu sync.Mutex
	ready := false
	go func() {
		mu.Lock()
		defer mu.Unlock()
		ready = true
	}()
	time.Sleep(5 * time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	if !ready {
		t.Error("not ready")
	}
}

// After the timeout the answer is used all the same.
func TestAnswerAfterTimeout(t *testing.T) {
	c := make(chan *int, 1)
	go func() {
		time.Sleep(4 * time.Millisecond)
		c <- new(int)
	}()
	var answer *int
	select {
	case answer = <-c:
	case <-time.After(8 * time.Millisecond):
	}
	*answer = 1
}

// The watcher waits for an answer and not for the context.
func TestContextWatcher(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	answers := make(chan int)
	go func() {
		select {
		case <-ctx.Done():
			return
		default:
		}
		answers <- 1
	}()
	go cancel()
	select {
	case <-answers:
	case <-ctx.Done():
	}
}

// Both are ready, and the error is taken for missing although it is there.
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
			t.Error("the result was lost")
		}
	})
}

// The deadline is looked at before the work instead of during it.
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
	if ctx.Err() == nil {
		<-c
	}
}

// context.AfterFunc runs in a goroutine of its own.
func TestContextAfterFunc(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	cleaned := false
	context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		cleaned = true
	})
	cancel()
	mu.Lock()
	defer mu.Unlock()
	if !cleaned {
		t.Error("not cleaned up")
	}
}

// A worker for each test, and none of them is told to end.
func TestDaemon(t *testing.T) {
	jobs := make(chan func())
	go func() {
		for f := range jobs {
			f()
		}
	}()
	done := make(chan bool)
	jobs <- func() { close(done) }
	<-done
}

// Nobody but the test knows the queue.
func TestQueue(t *testing.T) {
	queue := make(chan int)
	go func() { queue <- 1 }()
}
