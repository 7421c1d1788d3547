package harness

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Latch is an event that happens once. A wrong component may make it happen
// twice, which is harmless.
type Latch struct {
	once sync.Once
	ch   chan struct{}
}

// NewLatch returns one that has not happened.
func NewLatch() *Latch { return &Latch{ch: make(chan struct{})} }

// Open makes it happen.
func (l *Latch) Open() { l.once.Do(func() { close(l.ch) }) }

// IsOpen reports whether it has happened.
func (l *Latch) IsOpen() bool {
	select {
	case <-l.ch:
		return true
	default:
		return false
	}
}

// Meeting is a place where goroutines wait for each other.
type Meeting struct {
	missing atomic.Int64
	// All happens when everybody has arrived.
	All *Latch
}

// NewMeeting returns one of n goroutines.
func NewMeeting(n int) *Meeting {
	m := &Meeting{All: NewLatch()}
	m.missing.Store(int64(n))
	return m
}

// Arrive counts the caller in and does not wait.
func (m *Meeting) Arrive() {
	if m.missing.Add(-1) == 0 {
		m.All.Open()
	}
}

// Await waits for the event, or until the execution is given up because a
// violation was found; then it returns false.
func (t *T) Await(l *Latch) bool {
	select {
	case <-l.ch:
		return true
	case <-t.given.ch:
		return false
	}
}

// Until polls for a condition that a right component brings about without
// further help. It returns false when the execution is given up. It has no
// limit: a condition that never comes true is seen from outside as no progress.
func (t *T) Until(condition func() bool) bool {
	for i := 1; ; i++ {
		if t.given.IsOpen() {
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

// long is more virtual time than the patience of a component that waits with a
// deadline, keeps entries for a while, which may be a year, or lets idle workers
// go.
const long = 400 * 24 * time.Hour

// Linger gives a wrong component time to go wrong. Nothing is concluded from
// how long it takes.
func (t *T) Linger() {
	rounds := 24
	if t.cfg.Small {
		rounds = 3
	}
	for range rounds {
		runtime.Gosched()
	}
	switch {
	case !t.par.sleepy:
	case t.cfg.Virtual:
		time.Sleep(long)
	case !t.cfg.Small:
		time.Sleep(30 * time.Microsecond)
	}
}
