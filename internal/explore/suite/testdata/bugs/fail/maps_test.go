package fail

import (
	"sync"
	"testing"
)

// A map written by two goroutines.
func TestMapWrites(t *testing.T) {
	m := map[int]int{}
	together(func() { m[1] = 1 }, func() { m[2] = 2 })
}

// A map that is read while it is written.
func TestMapReadWrite(t *testing.T) {
	m := map[int]int{1: 1}
	together(func() { m[1] = 2 }, func() { _ = m[1] })
}

// A slice appended to by two goroutines.
func TestSliceAppend(t *testing.T) {
	var s []int
	together(func() { s = append(s, 1) }, func() { s = append(s, 2) })
}

// A cache that looks and loads under separate locks.
func TestCheckThenAct(t *testing.T) {
	var mu sync.Mutex
	m := map[string]int{}
	loads := 0
	get := func() {
		mu.Lock()
		_, ok := m["k"]
		mu.Unlock()
		if !ok {
			mu.Lock()
			loads++
			m["k"] = 1
			mu.Unlock()
		}
	}
	together(get, get)
	if loads != 1 {
		t.Errorf("loaded %d times", loads)
	}
}

// Load and Store of a sync.Map are safe each, not together.
func TestSyncMapCount(t *testing.T) {
	var m sync.Map
	m.Store("n", 0)
	inc := func() {
		n, _ := m.Load("n")
		m.Store("n", n.(int)+1)
	}
	together(inc, inc)
	if n, _ := m.Load("n"); n != 2 {
		t.Errorf("counted %v of 2", n)
	}
}

// What LoadOrStore does not keep was made all the same.
func TestSyncMapMake(t *testing.T) {
	var m sync.Map
	var mu sync.Mutex
	open := 0
	get := func() {
		mu.Lock()
		open++
		mu.Unlock()
		if _, loaded := m.Load("k"); loaded {
			mu.Lock()
			open--
			mu.Unlock()
			return
		}
		m.LoadOrStore("k", 1)
	}
	together(get, get)
	if open != 1 {
		t.Errorf("%d are open", open)
	}
}

// The key is deleted between the look and the use.
func TestSyncMapDelete(t *testing.T) {
	var m sync.Map
	m.Store("k", 1)
	together(func() { m.Delete("k") }, func() {
		if _, ok := m.Load("k"); ok {
			v, _ := m.Load("k")
			_ = v.(int)
		}
	})
}

// A loader stores what it read before the invalidation.
func TestStaleLoad(t *testing.T) {
	var mu sync.Mutex
	source, cache, cached := 1, 0, false
	locked := func(f func()) {
		mu.Lock()
		defer mu.Unlock()
		f()
	}
	together(func() {
		v := 0
		locked(func() { v = source })
		locked(func() { cache, cached = v, true })
	}, func() {
		locked(func() { source = 2 })
		locked(func() { cached = false })
	})
	if cached && cache != source {
		t.Errorf("the cache keeps %d", cache)
	}
}
