package pass

import (
	"sync"
	"testing"
)

func TestMapWrites(t *testing.T) {
	var mu sync.Mutex
	m := map[int]int{}
	set := func(k, v int) {
		mu.Lock()
		defer mu.Unlock()
		m[k] = v
	}
	together(func() { set(1, 1) }, func() { set(2, 2) })
}

func TestMapReadWrite(t *testing.T) {
	var mu sync.RWMutex
	m := map[int]int{1: 1}
	together(func() {
		mu.Lock()
		defer mu.Unlock()
		m[1] = 2
	}, func() {
		mu.RLock()
		defer mu.RUnlock()
		_ = m[1]
	})
}

func TestSliceAppend(t *testing.T) {
	c := make(chan int, 2)
	together(func() { c <- 1 }, func() { c <- 2 })
	close(c)
	var s []int
	for v := range c {
		s = append(s, v)
	}
	if len(s) != 2 {
		t.Errorf("%d of 2", len(s))
	}
}

func TestCheckThenAct(t *testing.T) {
	var mu sync.Mutex
	m := map[string]int{}
	loads := 0
	get := func() {
		mu.Lock()
		defer mu.Unlock()
		if _, ok := m["k"]; !ok {
			loads++
			m["k"] = 1
		}
	}
	together(get, get)
	if loads != 1 {
		t.Errorf("loaded %d times", loads)
	}
}

func TestSyncMapCount(t *testing.T) {
	var m sync.Map
	m.Store("n", 0)
	inc := func() {
		for {
			n, _ := m.Load("n")
			if m.CompareAndSwap("n", n, n.(int)+1) {
				return
			}
		}
	}
	together(inc, inc)
	if n, _ := m.Load("n"); n != 2 {
		t.Errorf("counted %v of 2", n)
	}
}

func TestSyncMapMake(t *testing.T) {
	var m sync.Map
	var mu sync.Mutex
	open := 0
	get := func() {
		mu.Lock()
		open++
		mu.Unlock()
		if _, loaded := m.LoadOrStore("k", 1); loaded {
			mu.Lock()
			open--
			mu.Unlock()
		}
	}
	together(get, get)
	if open != 1 {
		t.Errorf("%d are open", open)
	}
}

func TestSyncMapDelete(t *testing.T) {
	var m sync.Map
	m.Store("k", 1)
	together(func() { m.Delete("k") }, func() {
		if v, ok := m.Load("k"); ok {
			_ = v.(int)
		}
	})
}

// What was loaded is kept only if nothing was invalidated meanwhile.
func TestStaleLoad(t *testing.T) {
	var mu sync.Mutex
	source, cache, cached, version := 1, 0, false, 0
	locked := func(f func()) {
		mu.Lock()
		defer mu.Unlock()
		f()
	}
	together(func() {
		v, seen := 0, 0
		locked(func() { v, seen = source, version })
		locked(func() {
			if seen == version {
				cache, cached = v, true
			}
		})
	}, func() {
		locked(func() { source = 2; version++; cached = false })
	})
	if cached && cache != source {
		t.Errorf("the cache keeps %d", cache)
	}
}
