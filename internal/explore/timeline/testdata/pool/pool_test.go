package pool

import (
	"sync"
	"testing"
)

func TestTwoUsersOneConnection(t *testing.T) {
	p := New(1)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			c := p.Get()
			p.Put(c)
		})
	}
	wg.Wait()
}

func TestGetPut(t *testing.T) {
	p := New(2)
	a, b := p.Get(), p.Get()
	if a == b {
		t.Fatal("the same connection twice")
	}
	p.Put(a)
	if p.Get() != a {
		t.Error("a connection was lost")
	}
}
