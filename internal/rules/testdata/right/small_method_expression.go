package counter

import "sync"

type cell struct {
	sync.Mutex
	n uint64
}
type Counter struct{ a, b cell }

func each(f func(*cell), cells ...*cell) {
	for _, x := range cells {
		f(x)
	}
}

func (c *Counter) Sum() uint64 {
	each((*cell).Lock, &c.a, &c.b)
	defer each((*cell).Unlock, &c.b, &c.a)
	return c.a.n + c.b.n
}

func (c *Counter) Add() {
	c.a.Lock()
	defer c.a.Unlock()
	c.b.Lock()
	defer c.b.Unlock()
	c.a.n++
	c.b.n++
}
