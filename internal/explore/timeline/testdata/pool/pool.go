// Package pool lends a fixed number of connections.
package pool

import "sync"

// A Conn is a connection.
type Conn struct{ ID int }

// A Pool lends connections to one user at a time.
type Pool struct {
	mu   sync.Mutex
	free []*Conn
	back chan *Conn // from Put straight to a Get that waits
}

// New returns a pool of n connections.
func New(n int) *Pool {
	p := &Pool{back: make(chan *Conn)}
	for i := range n {
		p.free = append(p.free, &Conn{ID: i})
	}
	return p
}

// Get returns a free connection and waits for one if there is none.
func (p *Pool) Get() *Conn {
	p.mu.Lock()
	if n := len(p.free); n > 0 {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		p.mu.Unlock()
		return c
	}
	p.mu.Unlock()
	return <-p.back
}

// Put gives a connection back.
func (p *Pool) Put(c *Conn) {
	select {
	case p.back <- c: // somebody waits for it
	default:
		p.mu.Lock()
		p.free = append(p.free, c)
		p.mu.Unlock()
	}
}
