package scenarios

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// latch is an event that happens once. A wrong component may make it happen
// twice, which is harmless.
type latch struct {
	once sync.Once
	ch   chan struct{}
}

func newLatch() *latch { return &latch{ch: make(chan struct{})} }

func (l *latch) open() { l.once.Do(func() { close(l.ch) }) }

func (l *latch) isOpen() bool {
	select {
	case <-l.ch:
		return true
	default:
		return false
	}
}

// meeting is a place where n goroutines wait for each other.
type meeting struct {
	missing atomic.Int64
	all     *latch
}

func newMeeting(n int) *meeting {
	m := &meeting{all: newLatch()}
	m.missing.Store(int64(n))
	return m
}

// arrive counts the caller in and does not wait.
func (m *meeting) arrive() {
	if m.missing.Add(-1) == 0 {
		m.all.open()
	}
}

// await waits for the event, or until the execution is given up because a
// violation was found; then it returns false.
func (t *T) await(l *latch) bool {
	select {
	case <-l.ch:
		return true
	case <-t.given.ch:
		return false
	}
}

// until polls for a condition that a right component brings about without
// further help. It returns false when the execution is given up. It has no
// limit: a condition that never comes true is seen from outside as no progress.
func (t *T) until(condition func() bool) bool {
	for i := 1; ; i++ {
		if t.given.isOpen() {
			return false
		}
		if condition() {
			return true
		}
		runtime.Gosched()
		if !t.cfg.Small && i%64 == 0 {
			time.Sleep(20 * time.Microsecond)
		}
	}
}

// linger gives a wrong component time to go wrong. Nothing is concluded from
// how long it takes.
func (t *T) linger() {
	rounds := 24
	if t.cfg.Small {
		rounds = 3
	}
	for range rounds {
		runtime.Gosched()
	}
	if !t.cfg.Small && t.par.sleepy {
		time.Sleep(30 * time.Microsecond)
	}
}
