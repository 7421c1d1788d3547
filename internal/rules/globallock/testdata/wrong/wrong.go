package counter

import "sync"

var mu sync.Mutex

type Counter struct{ total int }

func (c *Counter) Increment() {
	mu.Lock()
	defer mu.Unlock()
	c.total++ // want
}

var shared sync.Mutex

type Gauge struct {
	mu    *sync.Mutex
	value int
}

func NewGauge() *Gauge {
	return &Gauge{mu: &shared} // want
}

func (g *Gauge) Set(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.value = n
}
