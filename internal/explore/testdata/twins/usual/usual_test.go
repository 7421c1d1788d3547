// Package usual holds tests that rely on what every machine does.
package usual

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var start = time.Now()

func TestClockGoesOn(t *testing.T) {
	for range 100 {
		if before, after := time.Now(), time.Now(); !after.After(before) {
			t.Fatalf("%v is not after %v", after, before)
		}
		if before, after := time.Since(start), time.Since(start); after <= before {
			t.Fatalf("%v is not longer than %v", after, before)
		}
	}
}

func TestInitialisationIsEarlier(t *testing.T) {
	if d := time.Since(start); d <= 0 || d > time.Hour {
		t.Fatalf("%v since the package was initialised", d)
	}
}

// Sleepers that were started one after another wake in any order.
func TestSleepersTogether(t *testing.T) {
	var wg sync.WaitGroup
	var n atomic.Int64
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			until := time.Now().Add(time.Minute)
			time.Sleep(time.Until(until))
			n.Add(1)
		}()
	}
	wg.Wait()
	if n.Load() != 3 {
		t.Fatal(n.Load())
	}
}

// A sleep beside a server that waits for connections, and an answer that takes
// real time before a deadline.
func TestServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
			c.Write([]byte("x"))
			c.Close()
		}
	}()
	time.Sleep(30 * time.Millisecond)
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(time.Minute))
	var b [1]byte
	if _, err := c.Read(b[:]); err != nil || b[0] != 'x' {
		t.Fatal(err)
	}
}

// More goroutines than can be controlled, all able to run at once.
func TestManyGoroutines(t *testing.T) {
	var wg sync.WaitGroup
	for range 24_000 {
		wg.Add(1)
		go func() {
			runtime.Gosched()
			wg.Done()
		}()
	}
	wg.Wait()
}

// The same two operations very often, which look like a livelock.
func TestLong(t *testing.T) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	n := 0
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 30_000 {
				mu.Lock()
				n++
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	if n != 60_000 {
		t.Fatal(n)
	}
}

// As long, but every value is new.
func TestLongCount(t *testing.T) {
	var n atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 30_000 {
				n.Add(1)
			}
		}()
	}
	wg.Wait()
	if n.Load() != 60_000 {
		t.Fatal(n.Load())
	}
}
