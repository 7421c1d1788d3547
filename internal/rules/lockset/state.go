package lockset

import (
	"maps"

	"golang.org/x/tools/go/ssa"
)

// Mode says how a lock is held.
type Mode uint8

// The modes of holding a lock. Mixed is a lock that was taken in one mode on
// one path and in the other on another.
const (
	Read Mode = 1 << iota
	Write
	Mixed = Read | Write
)

// State is what is known before an instruction about the locks that its
// function took itself. States are never changed once made.
type State struct {
	// Held are the locks held on every path to here.
	Held map[Key]Mode
	// May are the locks held on some path, those of Held included.
	May map[Key]bool
	// Released are locks of the callers that were given back on some path.
	Released map[Key]Mode
	// Defers are the deferred calls in the order of their statements.
	Defers []*ssa.Defer
	// Unknown says that an operation was not understood: nothing can be said
	// about the locks.
	Unknown bool
	// Synced says that the function may have waited for another goroutine
	// (a receive, a WaitGroup, the result of an atomic operation): what that
	// goroutine did before may be visible without a lock.
	Synced bool

	maybeDefers map[*ssa.Defer]bool
}

var empty = &State{}

func (s *State) clone() *State {
	c := *s
	c.Held = maps.Clone(s.Held)
	c.May = maps.Clone(s.May)
	c.Released = maps.Clone(s.Released)
	if c.Held == nil {
		c.Held = map[Key]Mode{}
	}
	if c.May == nil {
		c.May = map[Key]bool{}
	}
	if c.Released == nil {
		c.Released = map[Key]Mode{}
	}
	return &c
}

func (s *State) lock(k Key, m Mode) *State {
	c := s.clone()
	// What was given back is taken again, and is the caller's as before; in
	// another mode it is a lock of this function's own.
	if was, ok := c.Released[k]; ok && was == m {
		delete(c.Released, k)
		return c
	}
	c.Held[k] = m
	c.May[k] = true
	return c
}

// unlock is the state after a lock is given back. Where it has a name that none of
// those held has, and may yet be one of them, what is held is not known any more:
// hand over hand, through a guard that points to the lock, by an accessor called a
// second time.
func (s *State) unlock(k Key, m Mode) *State {
	if !s.May[k] {
		for held := range s.May {
			if held != Other && maybeSame(held, k) {
				return s.unknown()
			}
		}
	}
	c := s.clone()
	switch _, held := c.Held[k]; {
	case held || c.May[k]:
		delete(c.Held, k)
		delete(c.May, k)
	case c.May[Other]:
		// One of a set of locks, such as those of all shards, is let go.
		delete(c.Held, Other)
		delete(c.May, Other)
	default:
		c.Released[k] = m
	}
	return c
}

// unlockUnnamed is the state after a call that gives back locks which have no name
// here: those that are held without a name, or else perhaps some that have one.
func (s *State) unlockUnnamed() *State {
	for k := range s.May {
		if k != Other && (k.vague() || !s.May[Other]) {
			return s.unknown()
		}
	}
	c := s.clone()
	delete(c.May, Other)
	delete(c.Held, Other)
	return c
}

func (s *State) unknown() *State {
	if s.Unknown {
		return s
	}
	c := *s
	c.Unknown = true
	return &c
}

func (s *State) synced() *State {
	if s.Synced {
		return s
	}
	c := *s
	c.Synced = true
	return &c
}

// merge joins what two paths know.
func merge(a, b *State) *State {
	if a == b || b == nil {
		return a
	}
	if a == nil {
		return b
	}
	c := a.clone()
	for k, m := range a.Held {
		bm, ok := b.Held[k]
		if !ok {
			delete(c.Held, k)
		} else if bm != m {
			c.Held[k] = Mixed
		}
	}
	for k := range b.May {
		c.May[k] = true
	}
	for k, m := range b.Released {
		c.Released[k] |= m
	}
	n := 0
	for n < len(a.Defers) && n < len(b.Defers) && a.Defers[n] == b.Defers[n] {
		n++
	}
	c.Defers = a.Defers[:n:n]
	if len(a.Defers) > n || len(b.Defers) > n || len(a.maybeDefers)+len(b.maybeDefers) > 0 {
		c.maybeDefers = maps.Clone(a.maybeDefers)
		if c.maybeDefers == nil {
			c.maybeDefers = map[*ssa.Defer]bool{}
		}
		maps.Copy(c.maybeDefers, b.maybeDefers)
		for _, rest := range [][]*ssa.Defer{a.Defers[n:], b.Defers[n:]} {
			for _, d := range rest {
				c.maybeDefers[d] = true
			}
		}
	}
	c.Unknown = a.Unknown || b.Unknown
	c.Synced = a.Synced || b.Synced
	return c
}

func equal(a, b *State) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil {
		return false
	}
	if a.Unknown != b.Unknown || a.Synced != b.Synced || len(a.Defers) != len(b.Defers) {
		return false
	}
	for i := range a.Defers {
		if a.Defers[i] != b.Defers[i] {
			return false
		}
	}
	return maps.Equal(a.Held, b.Held) && maps.Equal(a.May, b.May) && maps.Equal(a.Released, b.Released) && maps.Equal(a.maybeDefers, b.maybeDefers)
}
