package p

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Hot and cold: who records says so first, and again at the end.
type Histogram struct {
	mu    sync.Mutex
	begun atomic.Uint64
	sides [2]half
}

type half struct {
	sum   atomic.Int64
	ended atomic.Uint64
}

func (h *Histogram) Observe(d time.Duration) {
	side := &h.sides[h.begun.Add(1)>>63]
	if d > 0 {
		side.sum.Add(int64(d))
	}
	side.ended.Add(1)
}

func (h *Histogram) Sum() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	begun := h.begun.Add(1 << 63)
	hot, cold := &h.sides[begun>>63], &h.sides[1-begun>>63]
	for cold.ended.Load() != begun&^(1<<63) {
		runtime.Gosched()
	}
	sum, n := cold.sum.Swap(0), cold.ended.Swap(0)
	hot.sum.Add(sum)
	hot.ended.Add(n)
	return sum
}

// Left and right: readers sign in and out.
type Twin struct {
	mu      sync.Mutex
	shown   atomic.Int32
	sides   [2]map[string]int
	readers [2]atomic.Int64
}

func (t *Twin) Get(k string) int {
	at := t.enter()
	defer t.leave(at)
	return t.sides[t.shown.Load()][k]
}

func (t *Twin) enter() int32 {
	at := t.shown.Load()
	t.readers[at].Add(1)
	return at
}

func (t *Twin) leave(at int32) { t.readers[at].Add(-1) }

func (t *Twin) await(at int32) {
	for t.readers[at].Load() > 0 {
		runtime.Gosched()
	}
}

func (t *Twin) Swap() {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.shown.Load()
	t.shown.Store(1 - was)
	t.await(was)
}

// A log whose places are reserved, then written.
type Log struct {
	mu       sync.Mutex
	reserved atomic.Int64
	places   [256]place
	spill    []int
}

type place struct {
	value int
	set   atomic.Bool
}

func (l *Log) Append(v int) {
	if i := l.reserved.Add(1) - 1; i < int64(len(l.places)) {
		p := &l.places[i]
		p.value = v
		p.set.Store(true)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spill = append(l.spill, v)
}

func (l *Log) Sum() (sum int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range min(l.reserved.Load(), int64(len(l.places))) {
		for !l.places[i].set.Load() {
			runtime.Gosched()
		}
		sum += l.places[i].value
	}
	for _, v := range l.spill {
		sum += v
	}
	return sum
}
