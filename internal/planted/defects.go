package planted

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"racebench/internal/protocol"
)

// both runs two functions on goroutines of their own and waits for them.
func both(a, b func()) {
	var wg sync.WaitGroup
	wg.Go(a)
	wg.Go(b)
	wg.Wait()
}

// racyWrites has two goroutines write one variable, with or without a lock. The
// race detector compares accesses by happens-before, so it needs no luck.
func racyWrites(right bool) func() protocol.Outcome {
	return func() protocol.Outcome {
		var mu sync.Mutex
		shared := new([4]int)
		write := func() {
			if right {
				mu.Lock()
				defer mu.Unlock()
			}
			shared[0]++
		}
		both(write, write)
		return protocol.Outcome{Operations: 2}
	}
}

// lostUpdate adds two numbers to an atomic in two goroutines. In the wrong form
// both load before either stores.
func lostUpdate(right bool) func() protocol.Outcome {
	return func() protocol.Outcome {
		var sum atomic.Int64
		var loaded sync.WaitGroup
		loaded.Add(2)
		add := func() {
			if right {
				sum.Add(1)
				return
			}
			v := sum.Load()
			loaded.Done()
			loaded.Wait()
			sum.Store(v + 1)
		}
		both(add, add)
		o := protocol.Outcome{Operations: 2}
		if got := sum.Load(); got != 2 {
			o.Violations = append(o.Violations, protocol.Violation{
				Kind: "lost-update", Contract: "M2", Message: "planted: two increments counted as one",
				Expected: "2", Observed: fmt.Sprint(got),
			})
		}
		return o
	}
}

// leftBehind leaves a goroutine behind that waits for a signal nobody can send
// any more.
func leftBehind(right bool) func() protocol.Outcome {
	return func() protocol.Outcome {
		gate := make(chan *int)
		entered := make(chan struct{})
		go func() {
			close(entered)
			<-gate
		}()
		<-entered
		if right {
			close(gate)
		}
		return protocol.Outcome{Operations: 1}
	}
}

// lostSignal waits on a condition whose only signal came before the wait.
func lostSignal(right bool) func() protocol.Outcome {
	return func() protocol.Outcome {
		type box struct {
			mu    sync.Mutex
			ready *sync.Cond
			set   bool
		}
		b := new(box)
		b.ready = sync.NewCond(&b.mu)
		b.mu.Lock()
		b.set = true
		b.ready.Signal()
		b.mu.Unlock()

		b.mu.Lock()
		for !right || !b.set {
			b.ready.Wait()
		}
		b.mu.Unlock()
		return protocol.Outcome{Operations: 1}
	}
}

// left and right are locks that everything can reach, so that the leak profile
// has nothing to say about who waits for them.
var left, right sync.Mutex

// crossed takes two locks in opposite orders; each goroutine holds one before
// either asks for the second.
func crossed(ordered bool) func() protocol.Outcome {
	return func() protocol.Outcome {
		if ordered {
			var a, b sync.Mutex
			taken := uint64(0)
			take := func() {
				a.Lock()
				b.Lock()
				taken++
				b.Unlock()
				a.Unlock()
			}
			both(take, take)
			return protocol.Outcome{Operations: taken}
		}
		var held sync.WaitGroup
		held.Add(2)
		both(func() {
			left.Lock()
			held.Done()
			held.Wait()
			right.Lock()
		}, func() {
			right.Lock()
			held.Done()
			held.Wait()
			left.Lock()
		})
		return protocol.Outcome{Operations: 2}
	}
}

// spinning waits for a flag that is set, or not, by yielding.
func spinning(set bool) func() protocol.Outcome {
	return func() protocol.Outcome {
		var flag atomic.Bool
		if set {
			go func() {
				time.Sleep(time.Millisecond)
				flag.Store(true)
			}()
		}
		for !flag.Load() {
			runtime.Gosched()
		}
		return protocol.Outcome{Operations: 1}
	}
}

// closedTwice panics in a goroutine that nobody recovers.
func closedTwice(right bool) func() protocol.Outcome {
	return func() protocol.Outcome {
		ch := make(chan struct{})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			close(ch)
			if !right {
				close(ch)
			}
		}()
		<-ended
		if !right {
			// The process ends before the panicking goroutine's caller goes on.
			select {}
		}
		return protocol.Outcome{Operations: 1}
	}
}

// unlockedTwice ends the process with a fatal error of the runtime.
func unlockedTwice(right bool) func() protocol.Outcome {
	return func() protocol.Outcome {
		var mu sync.RWMutex
		count := uint64(1)
		mu.RLock()
		o := protocol.Outcome{Operations: count}
		mu.RUnlock()
		if !right {
			mu.RUnlock()
		}
		return o
	}
}

// exiting ends the process as if all were well.
func exiting(right bool) func() protocol.Outcome {
	return func() protocol.Outcome {
		if !right {
			os.Exit(0)
		}
		return protocol.Outcome{Operations: 1}
	}
}
